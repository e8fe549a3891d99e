/**
 * The time between two connections: when the next attempt begins, and what the application is told meanwhile. Begun by
 * `client.ts` at a loss; a refusal that is known later makes it longer, never shorter.
 */
import type { Refusal, State } from './types.ts'

export class Pause {
  #timer: ReturnType<typeof setTimeout> | undefined
  #endsAt = 0
  #capMs: number
  #over: () => void
  #tell: (state: State) => void

  constructor(capMs: number, over: () => void, tell: (state: State) => void) {
    this.#capMs = capMs
    this.#over = over
    this.#tell = tell
  }

  begin(code: number, reason: string, ms: number): void {
    this.#wait({ code, reason }, ms)
  }

  /** Not before the server asks, and not all who were refused at once. */
  refused({ status, code, message, retryAfterMs = 0 }: Refusal, ms = this.#endsAt - Date.now()): void {
    const restMs = Math.min(retryAfterMs, this.#capMs) * (1 + Math.random() / 2)
    this.#wait({ code, reason: message, status, message }, Math.max(0, ms, restMs))
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  #wait(why: Partial<State>, ms: number): void {
    this.end()
    this.#endsAt = Date.now() + ms
    this.#timer = setTimeout(this.#over, ms)
    this.#tell({ ...why, state: 'waiting', retryAt: this.#endsAt })
  }
}
