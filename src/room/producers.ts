/**
 * Idempotent producers (Durable Streams protocol, 5.2.1): whether a batch of a producer is new, a duplicate, or out of
 * order. `posts.ts` asks before it handles a batch. The log keeps the epoch and seq of a producer, in the same
 * transaction as the events of its batch.
 */
import type { ProducerKey, RoomLog } from '../log/log.ts'

/** The outcome of a batch. `seq`: the highest appended seq of the producer. */
export type Produced =
  | { readonly outcome: 'appended' | 'duplicate'; readonly seq: number }
  | { readonly outcome: 'stale'; readonly epoch: number }
  | { readonly outcome: 'gap'; readonly expected: number }
  /** A new epoch that does not begin at 0. */
  | { readonly outcome: 'unstarted' }

export class Producers {
  readonly #roomLog: () => RoomLog
  /** The last batch in flight of each producer. */
  #busy: Map<string, Promise<unknown>> | undefined

  constructor(roomLog: () => RoomLog) {
    this.#roomLog = roomLog
  }

  /** Checks a batch after the earlier ones of the same producer, and calls `append` if it is new. */
  run(producerKey: ProducerKey, append: () => Promise<unknown>): Promise<Produced> {
    const { producer } = producerKey
    const judged = (this.#busy?.get(producer) ?? Promise.resolve()).then(() => this.#judge(producerKey, append))
    const settled = judged.then(ignore, ignore).then(() => {
      if (this.#busy?.get(producer) === settled) this.#busy.delete(producer)
    })
    this.#busy ??= new Map()
    this.#busy.set(producer, settled)
    return judged
  }

  async #judge({ producer, epoch, seq }: ProducerKey, append: () => Promise<unknown>): Promise<Produced> {
    const state = await this.#roomLog().producer(producer)
    if (state && epoch < state.epoch) return { outcome: 'stale', epoch: state.epoch }
    if (state && epoch > state.epoch && seq !== 0) return { outcome: 'unstarted' }
    const last = state?.epoch === epoch ? state.seq : -1
    if (seq <= last) return { outcome: 'duplicate', seq: last }
    if (seq > last + 1) return { outcome: 'gap', expected: last + 1 }
    await append()
    return { outcome: 'appended', seq }
  }
}

function ignore(): void {}
