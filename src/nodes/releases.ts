/**
 * Rooms that have closed here are given up: said to Redis until it has answered, since nobody takes a room from a node that
 * lives. `owned-log.ts` owns it.
 */
import type { Clock } from '../clock.ts'
import type { Claims } from '../log/redis/claims.ts'
import type { Claim } from '../log/redis/position.ts'
import { within } from '../within.ts'

/** Nobody waits longer for it. */
const WAIT_MS = 1000
/** Between two tries, at first and at most. */
const RETRY_MS = { first: 50, most: 2000 }

export interface ReleasesParts {
  readonly claims: Pick<Claims, 'give'>
  readonly clock: Clock
}

export class Releases {
  readonly #parts: ReleasesParts
  readonly #pending = new Set<Promise<void>>()
  #hasEnded = false

  constructor(parts: ReleasesParts) {
    this.#parts = parts
  }

  /** Resolves when the room is given up, or that has to be waited for too long. Another claim of it is left alone. */
  release(path: string, claim: Claim, keepsMemory: boolean): Promise<void> {
    const given = this.#give(path, claim, keepsMemory).finally(() => this.#pending.delete(given))
    this.#pending.add(given)
    return within(this.#parts.clock, WAIT_MS, given, nothing)
  }

  /** What is pending has a moment left, at most so long. */
  end(ms: number): Promise<void> {
    this.#hasEnded = true
    return within(this.#parts.clock, Math.min(ms, WAIT_MS), Promise.all(this.#pending).then(nothing), nothing)
  }

  async #give(path: string, claim: Claim, keepsMemory: boolean): Promise<void> {
    for (let pauseMs = RETRY_MS.first; ; pauseMs = Math.min(RETRY_MS.most, 2 * pauseMs)) {
      try {
        await this.#parts.claims.give(path, claim, keepsMemory)
        return
      } catch {
        if (this.#hasEnded) return
        await new Promise<void>((resolve) => void this.#parts.clock.after(pauseMs, resolve))
      }
    }
  }
}

function nothing(): void {}
