/**
 * Short sleeps from which no socket wakes the generator: it then reads all that has come at once. Being woken for each
 * frame would cost both cores more than the frame, and the server would pay for its half of it. Adds up to half a ms to a
 * latency; where the next message waits for the last answer, naps are short.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Tally } from './connection.ts'

const NAP_MS = 0.5
export const SHORT_NAP_MS = 0.05
/** Who had so many reads since the last nap is busy and takes none. */
const BUSY_READS = 64

export class Nap {
  readonly #tally: Tally
  readonly #cell = new Int32Array(new SharedArrayBuffer(4))
  readonly #ms: number
  #reads: number

  constructor(tally: Tally, ms = NAP_MS) {
    this.#tally = tally
    this.#ms = ms
    this.#reads = tally.reads
  }

  /** Takes naps until the promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isOver = false
    const settled = () => {
      isOver = true
    }
    promise.then(settled, settled)
    while (!isOver) await this.take()
    return promise
  }

  /** Sleeps where there is little to do, then lets everything that is ready be read. */
  take(): Promise<void> {
    const reads = this.#tally.reads - this.#reads
    this.#reads = this.#tally.reads
    if (reads < BUSY_READS) Atomics.wait(this.#cell, 0, 0, this.#ms)
    return turn()
  }
}
