/**
 * Short sleeps from which no socket wakes the generator: it then reads all that has come at once. Being woken for each
 * frame would cost both cores more than the frame, and the server would pay for its half of it. Adds up to half a ms to a
 * latency.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Tally } from './connection.ts'

const NAP_MS = 0.5
/** Who had so many reads since the last nap is busy and takes none. */
const BUSY_READS = 64

export class Nap {
  readonly #tally: Tally
  readonly #cell = new Int32Array(new SharedArrayBuffer(4))
  #reads: number

  constructor(tally: Tally) {
    this.#tally = tally
    this.#reads = tally.reads
  }

  /** Sleeps where there is little to do, then lets everything that is ready be read. */
  take(): Promise<void> {
    const reads = this.#tally.reads - this.#reads
    this.#reads = this.#tally.reads
    if (reads < BUSY_READS) Atomics.wait(this.#cell, 0, 0, NAP_MS)
    return turn()
  }
}
