/**
 * The time between two connections: when the next attempt begins, and which state the application sees until then.
 * `client.ts` begins it at a loss. A refusal that is known later makes it longer, never shorter.
 */
import type { Refusal, State } from './types.ts'

export class Pause {
  #timer: ReturnType<typeof setTimeout> | undefined
  #endsAt = 0
  #capMs: number
  #onEnd: () => void
  #report: (state: State) => void

  constructor(capMs: number, onEnd: () => void, report: (state: State) => void) {
    this.#capMs = capMs
    this.#onEnd = onEnd
    this.#report = report
  }

  begin(code: number, reason: string, ms: number): void {
    this.#wait({ code, reason }, ms)
  }

  /** Waits as long as the server asks at least, with jitter, so that refused clients do not all return at once. */
  refused({ status, code, message, retryAfterMs = 0 }: Refusal, ms = this.#endsAt - Date.now()): void {
    const askedMs = Math.min(retryAfterMs, this.#capMs) * (1 + Math.random() / 2)
    this.#wait({ code, reason: message, status, message }, Math.max(0, ms, askedMs))
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  #wait(why: Partial<State>, ms: number): void {
    this.end()
    this.#endsAt = Date.now() + ms
    this.#timer = setTimeout(this.#onEnd, ms)
    this.#report({ ...why, state: 'waiting', retryAt: this.#endsAt })
  }
}
