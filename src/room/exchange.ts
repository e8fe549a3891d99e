/**
 * An exchange: one message of a peer, from its arrival to its answer. Its idempotency key is kept with the first step of
 * its handler that keeps something. `exchanges.ts` begins it, `answers.ts` answers it.
 */

import type { Frame } from '../delivery/frame.ts'
import type { Subscriber } from '../delivery/subscriber.ts'
import type { RoomError } from '../errors.ts'
import type { ClientKey, IdempotencyKey, Kept, ProducerKey } from '../log/log.ts'
import type { LiveEventPeer } from './peer.ts'
import type { Chain } from './room-message.ts'
import type { Step, StepOwner } from './step.ts'

const NOTHING = Object.freeze<never[]>([])

export class Exchange implements StepOwner {
  readonly peer: LiveEventPeer
  readonly startedMs: number
  /** The client's id for the message. Without one there is no ack. */
  id: string | undefined
  /** To be kept with its next step. */
  clientKey: ClientKey | undefined
  /** The seq of the first event of this message. */
  seq: number | undefined
  isAnswered = false
  /** The messages of rooms that wait for it, if another room sent it. */
  chain: Chain | undefined
  /** How well it is kept, once it was answered with an ack. */
  kept: Kept | undefined
  /** It was answered as an earlier message of the same id. */
  isDuplicate = false
  /** The transport's number of the message, by which a message without an id is answered too. */
  readonly #ref: number | undefined
  readonly #subscriber: Subscriber
  /** A step of its handler could not be kept. */
  failure: RoomError | undefined
  /** The same of a step whose code had not thrown. */
  unkept: RoomError | undefined
  #producer: ProducerKey | undefined
  /** The key of a message of which something is kept, or about to be. */
  #keptKey: ClientKey | undefined
  /** The seq of its first event is kept with it. */
  #hasKeptSeq = false
  #duplicates: Exchange[] | undefined
  #report: ((error?: RoomError) => void) | undefined

  /** `producer`: the key of a producer, for a message outside of a batch. `ref`: the transport's number of the message. */
  constructor(peer: LiveEventPeer, startedMs: number, producer?: ProducerKey, ref?: number) {
    this.peer = peer
    this.#ref = ref
    this.#subscriber = peer.subscriber
    this.startedMs = startedMs
    peer.exchangeBegan()
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

  /** A part of it is kept, or about to be. */
  get isPartlyKept(): boolean {
    return this.#keptKey !== undefined
  }

  sealing(step: Step): void {
    step.addKeys(this.takeKeys(step.drafts.length > 0 ? 0 : undefined))
  }

  stepKept(frames: readonly Frame[]): void {
    this.seq ??= frames[0]?.seq
  }

  /** The keys go with the next step instead. */
  stepFailed(step: Step, error: RoomError): void {
    this.failure ??= error
    if (step.isReady) this.unkept ??= error
    for (const key of step.keys) {
      if (!('client' in key)) this.#producer = key
      else if (!key.error) this.#hasKeptSeq = false
      if (!('client' in key) || key.isUpdate) continue
      this.clientKey = key
      this.#keptKey = undefined
    }
  }

  /**
   * The keys that are not kept yet, and what is to be added to one that is. `draft`: the index of its first event in the
   * step.
   */
  takeKeys(draft: number | undefined): readonly IdempotencyKey[] {
    const { clientKey } = this
    if (!clientKey && !this.#keptKey && !this.#producer) return NOTHING
    const keys: IdempotencyKey[] = []
    if (clientKey) keys.push({ ...clientKey, draft })
    else if (this.#keptKey && draft !== undefined && !this.#hasKeptSeq) {
      keys.push({ ...this.#keptKey, draft, isUpdate: true })
    }
    if (keys.length > 0 && draft !== undefined) this.#hasKeptSeq = true
    this.#keptKey ??= clientKey
    this.clientKey = undefined
    if (this.#producer) keys.push(this.#producer)
    this.#producer = undefined
    return keys
  }

  /** The key of the error that answers a message of which a part is kept. Nothing else of it is kept. */
  errorKeys({ code, message }: RoomError): IdempotencyKey[] {
    if (!this.#keptKey) return []
    return [{ ...this.#keptKey, draft: undefined, error: { code, message }, isUpdate: true }]
  }
}
