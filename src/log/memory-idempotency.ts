/**
 * Idempotency of the log in memory: answers to clients' messages, and the state of producers. Old entries are removed
 * in the order they came. If there are too many, new ones are refused; none is forgotten early. Of forgotten ids only
 * the latest time for each client is kept, also up to a limit.
 */

import type { Frame } from '../delivery/frame.ts'
import { RoomError } from '../errors.ts'
import { idsRefusal } from './id-limit.ts'
import { forgottenTime, mayBeForgotten } from './id-time.ts'
import { type IdempotencyKey, type ProducerState, REMEMBER_MS, type Recalled, type StoredAnswer } from './log.ts'
import { pairKey } from './pair-key.ts'

interface KeptAnswer extends StoredAnswer {
  readonly client: string
  readonly id: string
  readonly time: number
}

const MAX_PRODUCERS = 1_000_000
/** Clients with forgotten ids. Beyond it, the one whose last id was forgotten longest ago counts as new. */
const MAX_FORGOTTEN = 1_000_000

export class MemoryIdempotency {
  readonly #answers = new Map<string, KeptAnswer>()
  /** The latest time in a forgotten id of each client, in the order in which they were last forgotten. */
  readonly #forgotten = new Map<string, number>()
  readonly #producers = new Map<string, ProducerState & { readonly time: number }>()
  readonly #maxForgotten: number

  constructor(maxForgotten = MAX_FORGOTTEN) {
    this.#maxForgotten = maxForgotten
  }

  recall(client: string, id: string): Recalled {
    const answer = this.#answers.get(pairKey(client, id))
    return answer ?? (mayBeForgotten(id, this.#forgotten.get(client)) ? 'forgotten' : undefined)
  }

  producer(id: string): ProducerState | undefined {
    return this.#producers.get(id)
  }

  /** The error for keys that do not fit; `undefined`: they do. `ids`: how many are remembered at most. */
  refusal(keys: readonly IdempotencyKey[], ids: number | undefined): RoomError | undefined {
    const producers = keys.filter((key) => 'producer' in key && !this.#producers.has(key.producer))
    if (this.#producers.size + producers.length > MAX_PRODUCERS)
      return new RoomError('unavailable', 'too many producers to remember, send it again later')
    return idsRefusal(keys, this.#answers.size, ids)
  }

  /** `frames`: the events appended with the key. */
  keep(key: IdempotencyKey, frames: readonly Frame[], nowMs: number): void {
    if ('client' in key) {
      const { client, id, hash, draft, error } = key
      const known = this.#answers.get(pairKey(client, id))
      const seq = known?.seq ?? (draft === undefined ? undefined : frames[draft]?.seq)
      const answer = { client, id, hash, seq, error: error ?? known?.error, time: known?.time ?? nowMs }
      this.#answers.set(pairKey(client, id), answer)
      return
    }
    this.#producers.delete(key.producer)
    this.#producers.set(key.producer, { epoch: key.epoch, seq: key.seq, time: nowMs })
  }

  /** What the message of this event said is not kept any more. */
  redact(seq: number): void {
    for (const [key, answer] of this.#answers) {
      if (answer.seq === seq) this.#answers.set(key, { ...answer, hash: '', seq: undefined })
    }
  }

  /** Forgets what is older than a day and whose event, if any, is no longer kept. */
  trim(nowMs: number, firstKept: number): void {
    for (const [key, { client, id, time, seq = 0 }] of this.#answers) {
      if (time > nowMs - REMEMBER_MS || seq >= firstKept) break
      this.#answers.delete(key)
      this.#forget(client, forgottenTime(id, time))
    }
    for (const [id, { time }] of this.#producers) {
      if (time > nowMs - REMEMBER_MS) break
      this.#producers.delete(id)
    }
  }

  #forget(client: string, idMs: number | undefined): void {
    if (idMs === undefined) return
    const latest = Math.max(idMs, this.#forgotten.get(client) ?? idMs)
    this.#forgotten.delete(client)
    this.#forgotten.set(client, latest)
    const [oldest] = this.#forgotten.keys()
    if (this.#forgotten.size > this.#maxForgotten && oldest !== undefined) this.#forgotten.delete(oldest)
  }
}
