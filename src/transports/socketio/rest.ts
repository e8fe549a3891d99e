/**
 * A connection that is not read for a while, since its client sends too fast. `connection.ts` begins it. A client that
 * polls waits with its next post.
 */
import type { Socket as EngineSocket } from 'engine.io'
import type { Clock } from '../../clock.ts'
import { refreshPing, webSocketOf } from './socketio-internals.ts'

/** Less than Engine.IO waits for the answer to a ping. */
const REFRESH_MS = 5000

export class Rest {
  readonly #engine: EngineSocket
  readonly #clock: Clock
  #untilMs = 0
  #cancel: (() => void) | undefined
  /** Posts of a client that polls. */
  readonly #waiting = new Set<() => void>()

  constructor(engine: EngineSocket, clock: Clock) {
    this.#engine = engine
    this.#clock = clock
  }

  /** Stops reading for `ms`, counted from the latest call. */
  begin(ms: number): void {
    this.#untilMs = this.#clock.monotonic() + ms
    webSocketOf(this.#engine)?.pause()
    this.#goOn()
  }

  /** Resolves when it may be read again, or is over. */
  async over(): Promise<void> {
    const ms = this.#leftMs
    if (ms <= 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.add(resolve)
    const cancel = this.#clock.after(ms, resolve)
    await promise
    cancel()
    this.#waiting.delete(resolve)
  }

  /** The connection is over. */
  cancel(): void {
    this.#cancel?.()
    for (const resolve of this.#waiting) resolve()
  }

  get #leftMs(): number {
    return this.#untilMs - this.#clock.monotonic()
  }

  /** While it is not read, no answer to a ping can come. */
  #goOn = (): void => {
    this.#cancel?.()
    refreshPing(this.#engine)
    const leftMs = this.#leftMs
    if (leftMs > 0) this.#cancel = this.#clock.after(Math.min(leftMs, REFRESH_MS), this.#goOn)
    else webSocketOf(this.#engine)?.resume()
  }
}
