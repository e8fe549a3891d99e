/**
 * Who may pass into a room: its token, if the room needs one, and what the module's `admit` says. `gate.ts` asks before
 * it reserves a place.
 */
import type { Clock } from '../clock.ts'
import type { Mount, Route } from '../config/mount.ts'
import type { RoomLogger } from '../define.ts'
import { failureOf, Refusal, refusalOfAdmit, roomErrorOf } from '../errors.ts'
import { within } from '../within.ts'
import type { Auth } from './auth.ts'
import type { Caller } from './caller.ts'
import type { Pass } from './pass.ts'
import type { Quotas } from './quotas.ts'

export interface PassesParts {
  readonly clock: Clock
  readonly quotas: Quotas
  /** Checks the tokens of a mount; `undefined`: the mount needs none. */
  readonly authOf: (mount: Mount) => Auth | undefined
  readonly logger: RoomLogger
}

/** How long a module's `admit` may take. */
const ADMIT_MS = 10_000
const UNDECIDED = Symbol('undecided')

export class Passes {
  readonly #parts: PassesParts

  constructor(parts: PassesParts) {
    this.#parts = parts
  }

  /** Whether a room has `auth` or `admit`. */
  areNeeded({ mount }: Route): boolean {
    return mount.definition.admit !== undefined || this.#parts.authOf(mount) !== undefined
  }

  /** Rejects with a `Refusal`. */
  async of(caller: Caller, { mount, path, params }: Route, query: URLSearchParams): Promise<Pass | undefined> {
    const { clock, authOf, logger } = this.#parts
    const pass = await authOf(mount)
      ?.check(caller)
      .catch((error: Refusal) => this.#chargeBadToken(caller, error))
    const { admit } = mount.definition
    if (!admit) return pass
    let answer: unknown
    try {
      const deciding = Promise.resolve(admit(pass?.claims, { path, params, query }))
      answer = await within(clock, ADMIT_MS, deciding, () => UNDECIDED)
    } catch (thrown) {
      const error = roomErrorOf(thrown)
      throw error ? refusalOfAdmit(error) : failureOf("the module's admit", thrown)
    }
    // Some authors return a condition instead of throwing.
    if (answer === false) throw new Refusal(403, 'forbidden', 'rejected by `admit` of this room', {}, {}, 'admit')
    if (answer !== UNDECIDED) return pass
    logger.error({ room: path }, `the room's admit did not end within ${ADMIT_MS / 1000} s`)
    throw new Refusal(503, 'unavailable', '`admit` of this room took too long; try again later', { 'Retry-After': '5' })
  }

  /** A wrong token costs a handshake, so guessing is rate-limited. */
  #chargeBadToken({ address }: Caller, refusal: Refusal): never {
    if (refusal.code === 'bad_token') this.#parts.quotas.handshake(address, 1)
    throw refusal
  }
}
