/**
 * A turn: one message of a peer from its handler to its answer. It gathers what the handler publishes, since the ack
 * says that all of it is kept. `event-room.ts` begins it, `publish` adds to it, its answer ends it.
 */
import type { Connection } from './peer.ts'

export class Turn {
  readonly peer: Connection
  /** The client's id for the message; without one there is no ack. */
  readonly id: string | undefined
  readonly startedMs: number
  /** Where the first event of this message stands. */
  seq: number | undefined
  isAnswered = false
  #appends: Promise<number>[] | undefined
  #latest: Promise<unknown> | undefined

  constructor(peer: Connection, id: string | undefined, startedMs: number) {
    this.peer = peer
    this.id = id
    this.startedMs = startedMs
  }

  /** Something was published. `told`: the promise the handler got for it. */
  published(appended: number | Promise<number>, told: Promise<unknown>): void {
    this.#latest = told
    if (typeof appended === 'number') {
      this.seq ??= appended
      return
    }
    this.#appends ??= []
    this.#appends.push(appended)
  }

  /** A handler that only returns what `publish` gave it has ended: its peer's next message need not wait for the log. */
  hasEnded(result: unknown): boolean {
    return !(result instanceof Promise) || result === this.#latest
  }

  /** All that was published is kept; rejects when some of it is not. `undefined`: nothing is pending. */
  kept(): Promise<void> | undefined {
    if (!this.#appends) return undefined
    return Promise.all(this.#appends).then((seqs) => {
      this.seq ??= seqs[0]
    })
  }
}
