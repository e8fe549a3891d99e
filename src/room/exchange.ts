/**
 * A exchange: one message of a peer from its arrival to its answer. It carries the clientKey that makes a retry safe into the
 * first append of its handler, and gathers what the handler publishes, since the ack says that all of it is kept.
 * `exchanges.ts` begins and answers it; what its handler publishes goes to the log through it.
 */

import type { RoomError } from '../errors.ts'
import type { ClientKey, Draft, IdempotencyKey, ProducerKey, RoomLog } from '../log/log.ts'
import { pendingOf } from '../within.ts'
import type { Batch } from './batch.ts'
import type { Publisher } from './call.ts'
import type { LiveEventPeer } from './peer.ts'

export class Exchange implements Publisher {
  readonly peer: LiveEventPeer
  readonly startedMs: number
  /** The client's id for the message; without one there is no ack. */
  id: string | undefined
  /** What shall be kept with the first append. */
  clientKey: ClientKey | undefined
  /** Where the first event of this message stands. */
  seq: number | undefined
  isAnswered = false
  latest: Promise<unknown> | undefined
  readonly #batch: Batch | undefined
  #producer: ProducerKey | undefined
  #duplicates: Exchange[] | undefined
  #report: ((error?: RoomError) => void) | undefined
  #appends: Promise<number>[] | undefined

  /** `batch`: what it is part of; `producer`: what is kept with a message that is part of none. */
  constructor(peer: LiveEventPeer, startedMs: number, batch?: Batch, producer?: ProducerKey) {
    this.peer = peer
    this.startedMs = startedMs
    peer.exchangeBegan()
    this.#batch = batch
    this.#producer = producer
  }

  /** The same message said again while this was handled; they get the same answer. */
  get inFlightDuplicates(): readonly Exchange[] {
    return this.#duplicates ?? []
  }

  addDuplicate(exchange: Exchange): void {
    this.#duplicates ??= []
    this.#duplicates.push(exchange)
  }

  /** It has its answer: an error, or none. Once for each exchange, or its peer's messages are counted wrongly. */
  answer(error?: RoomError): void {
    this.isAnswered = true
    this.peer.exchangeEnded()
    this.#report?.(error)
  }

  /** Resolves when it, or the exchange it follows, is answered; rejects with the error that one was answered with. */
  outcome(): Promise<void> {
    const outcome = new Promise<void>((resolve, reject) => {
      this.#report = (error) => (error ? reject(error) : resolve())
    })
    // It may be waited for later than it comes.
    outcome.catch(() => {})
    return outcome
  }

  /** Appends what the handler published: at once, or with the batch this message is part of. */
  append(log: RoomLog, draft: Draft): number | Promise<number> {
    const appended = this.#batch ? this.#batch.stage(draft, this) : log.append([draft], this.#takeKeys(0))
    if (typeof appended === 'number') this.seq ??= appended
    else this.#wait(appended)
    return appended
  }

  /** Keeps the keys of a message that published nothing, so that its retry is known too. */
  remember(log: RoomLog): void {
    if (this.#batch) return
    const keys = this.#takeKeys(undefined)
    if (keys.length === 0) return
    const kept = log.append([], keys)
    if (typeof kept !== 'number') this.#wait(kept.then(() => this.seq ?? 0))
  }

  /**
   * The handler's end, where it is still to come. One that only returns what `publish` gave it has ended: its peer's next
   * message need not wait for the log.
   */
  pending(result: unknown): Promise<unknown> | undefined {
    return result === this.latest ? undefined : pendingOf(result)
  }

  /** Resolves when all that was appended is kept; rejects when some of it is not. `undefined`: nothing is pending. */
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
