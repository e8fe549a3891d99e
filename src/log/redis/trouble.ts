/** Why nothing can be kept in Redis now. What passes within a moment is no trouble: messages wait for it. `redis.ts` owns it. */
import type { Clock } from '../../clock.ts'
import type { RoomLogger } from '../../define.ts'
import { tellFailure } from './failures.ts'
import { isOfOneRoom } from './refusals.ts'

/** Trouble lasts so long before messages are refused. */
const PASSING_MS = 1000
/** After a refusal of Redis, messages are refused for so long; then the next one tries. */
const REFUSED_MS = 1000

export class RedisTrouble {
  readonly #clock: Clock
  readonly #logger: RoomLogger
  #reason: string | undefined
  /** Monotonic ms. */
  #sinceMs = 0
  #latestMs = 0
  #toldMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, logger: RoomLogger) {
    this.#clock = clock
    this.#logger = logger
  }

  /** `undefined`: messages are taken. */
  get current(): string | undefined {
    if (this.#reason === undefined) return undefined
    const now = this.#clock.monotonic()
    if (now - this.#latestMs > REFUSED_MS) return undefined
    return now - this.#sinceMs >= PASSING_MS ? this.#reason : undefined
  }

  failed(error: Error): void {
    const now = this.#clock.monotonic()
    if (isOfOneRoom(error)) {
      this.#ofOneRoom(error, now)
      return
    }
    if (this.#reason === undefined) {
      this.#sinceMs = now
      tellFailure(this.#logger, 'error', error, 'Redis did not keep a commit')
    }
    this.#reason = error.message
    this.#latestMs = now
  }

  /** Others are not refused for it. */
  #ofOneRoom(error: Error, now: number): void {
    if (now - this.#toldMs < REFUSED_MS) return
    this.#toldMs = now
    tellFailure(this.#logger, 'error', error, 'Redis could not run a call of a room')
  }

  succeeded(): void {
    if (this.#reason === undefined) return
    this.#reason = undefined
    this.#logger.info({}, 'Redis keeps commits again')
  }
}
