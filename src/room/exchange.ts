/**
 * An exchange: one message of a peer, from its arrival to its answer. It adds the idempotency key to the first append
 * of the handler, and collects all appends, since the ack promises that all of them are kept. `exchanges.ts` begins and
 * answers it; the events of its handler go to the log through it.
 */

import type { Subscriber } from '../delivery/subscriber.ts'
import type { RoomError } from '../errors.ts'
import type { ClientKey, Draft, IdempotencyKey, ProducerKey, RoomLog } from '../log/log.ts'
import { pendingOf } from '../within.ts'
import type { Batch } from './batch.ts'
import type { Publisher } from './call.ts'
import type { LiveEventPeer } from './peer.ts'

export class Exchange implements Publisher {
  readonly peer: LiveEventPeer
  readonly startedMs: number
  /** The client's id for the message. Without one there is no ack. */
  id: string | undefined
  /** To be kept with the first append. */
  clientKey: ClientKey | undefined
  /** The seq of the first event of this message. */
  seq: number | undefined
  isAnswered = false
  latest: Promise<unknown> | undefined
  /** The transport's number of the message, by which a message without an id is answered too. */
  readonly #ref: number | undefined
  readonly #subscriber: Subscriber
  readonly #batch: Batch | undefined
  #producer: ProducerKey | undefined
  #duplicates: Exchange[] | undefined
  #report: ((error?: RoomError) => void) | undefined
  #appends: Promise<number>[] | undefined

  /**
   * `batch`: the batch it belongs to. `producer`: the key of a producer, for a message outside of a batch. `ref`: the
   * transport's number of the message.
   */
  constructor(peer: LiveEventPeer, startedMs: number, batch?: Batch, producer?: ProducerKey, ref?: number) {
    this.peer = peer
    this.#ref = ref
    this.#subscriber = peer.subscriber
    this.startedMs = startedMs
    peer.exchangeBegan()
    this.#batch = batch
    this.#producer = producer
  }

  /** `undefined` also if the peer has another connection by now, where the number means another message. */
  get ref(): number | undefined {
    return this.peer.subscriber === this.#subscriber ? this.#ref : undefined
  }

  /** The same message, received again while this one is handled. They get the same answer. */
  get inFlightDuplicates(): readonly Exchange[] {
    return this.#duplicates ?? []
  }

  addDuplicate(exchange: Exchange): void {
    this.#duplicates ??= []
    this.#duplicates.push(exchange)
  }

  /**
   * Marks it as answered, with an error or without. MUST be called once, or the open exchanges of its peer are
   * miscounted.
   */
  answer(error?: RoomError): void {
    this.isAnswered = true
    this.peer.exchangeEnded()
    this.#report?.(error)
  }

  /** Resolves when it is answered; rejects with the error it was answered with. */
  outcome(): Promise<void> {
    const outcome = new Promise<void>((resolve, reject) => {
      this.#report = (error) => (error ? reject(error) : resolve())
    })
    // It may reject before it is awaited.
    outcome.catch(() => {})
    return outcome
  }

  /** Appends an event of the handler: at once, or with the batch. */
  append(roomLog: RoomLog, draft: Draft): number | Promise<number> {
    const appended = this.#batch ? this.#batch.stage(draft, this) : roomLog.append([draft], this.#takeKeys(0))
    if (typeof appended === 'number') this.seq ??= appended
    else this.#wait(appended)
    return appended
  }

  /** Keeps the keys of a message that published nothing, so that a duplicate of it is recognised too. */
  keepKeys(roomLog: RoomLog): void {
    if (this.#batch) return
    const keys = this.#takeKeys(undefined)
    if (keys.length === 0) return
    const kept = roomLog.append([], keys)
    if (typeof kept !== 'number') this.#wait(kept.then(() => this.seq ?? 0))
  }

  /**
   * The promise of a handler that still runs. A handler that returns the promise of its last `publish` has ended: the
   * next message of its peer need not wait for the log.
   */
  pending(result: unknown): Promise<unknown> | undefined {
    return result === this.latest ? undefined : pendingOf(result)
  }

  /** Resolves when all appends are kept; rejects if one fails. `undefined`: nothing is pending. */
  kept(): Promise<void> | undefined {
    if (!this.#appends) return undefined
    return Promise.all(this.#appends).then((seqs) => {
      if (seqs[0]) this.seq ??= seqs[0]
    })
  }

  #wait(appended: Promise<number>): void {
    this.#appends ??= []
    this.#appends.push(appended)
  }

  #takeKeys(draft: number | undefined): IdempotencyKey[] {
    if (!this.clientKey && !this.#producer) return []
    const keys: IdempotencyKey[] = this.clientKey ? [{ ...this.clientKey, draft }] : []
    if (this.#producer) keys.push(this.#producer)
    this.clientKey = undefined
    this.#producer = undefined
    return keys
  }
}
