/** The log that a suite tests: made before its first use in a test, opened again as after a restart, removed after the test. */
import { afterEach } from 'vitest'
import type { RoomLogger } from '../../src/define.ts'
import type { Frame } from '../../src/delivery/frame.ts'
import type { Draft, Log, Retention } from '../../src/log/log.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { type KeptLog, openKept } from './kept-log.ts'

export const RETENTION: Retention = { keep: 1000, maxAgeMs: 7 * 86_400_000, durable: true }

/** How a log is made, opened again as after a restart (`undefined`: it keeps nothing), and removed. */
export interface LogFactory {
  make(clock: HandClock, logger?: RoomLogger): Promise<Log>
  again?: (clock: HandClock) => Promise<Log>
  remove(): Promise<void>
}

export const draft = (text: string): Draft => ({ type: 'message', data: JSON.stringify({ text }) })
export const seqs = (frames: readonly Frame[]) => frames.map(({ seq }) => seq)

export class LogUnderTest {
  readonly clock = handClock()
  /** What the log delivered in this test. */
  readonly heard: Frame[] = []
  readonly #factory: () => LogFactory
  #files: LogFactory
  #log: Promise<Log> | undefined

  /** Called in the `describe` of a suite. */
  constructor(factory: () => LogFactory) {
    this.#factory = factory
    this.#files = factory()
    afterEach(() => this.#remove())
  }

  log(logger?: RoomLogger): Promise<Log> {
    this.#log ??= this.#files.make(this.clock, logger)
    return this.#log
  }

  /** Opens the log of a room. */
  async open(retention: Partial<Retention> = {}, path = '/room'): Promise<KeptLog> {
    const log = await this.log()
    return openKept(log, path, { ...RETENTION, ...retention }, (frame) => void this.heard.push(frame))
  }

  /** Returns false if the log keeps nothing over a restart. */
  async restart(): Promise<boolean> {
    if (!this.#files.again) return false
    await (await this.#log)?.close()
    this.#log = this.#files.again(this.clock)
    await this.#log
    return true
  }

  async #remove(): Promise<void> {
    await (await this.#log)?.close()
    await this.#files.remove()
    this.#log = undefined
    this.heard.length = 0
    this.#files = this.#factory()
  }
}
