/**
 * Idempotent producers (Durable Streams protocol, 5.2.1): which batch of a producer is new, which was appended before,
 * and which must wait. `event-room.ts` asks before it handles a batch; where a producer stands is kept by the log, in the
 * same transaction as the events of its batch.
 */
import type { ProducerKey, RoomLog } from '../log/log.ts'

/** What became of a batch. `seq`: the highest of the producer that was appended. */
export type Produced =
  | { readonly outcome: 'appended' | 'duplicate'; readonly seq: number }
  | { readonly outcome: 'stale'; readonly epoch: number }
  | { readonly outcome: 'gap'; readonly expected: number }
  /** A new epoch that does not begin at 0. */
  | { readonly outcome: 'unstarted' }

export class Producers {
  readonly #roomLog: () => RoomLog
  /** The last batch of each producer that has one under way. */
  #busy: Map<string, Promise<unknown>> | undefined

  constructor(roomLog: () => RoomLog) {
    this.#roomLog = roomLog
  }

  /** Judges a batch after those before it of the same producer, and lets `append` keep it where it is new. */
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
