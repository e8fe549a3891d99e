/** The `Auth` of each mount that needs tokens, made when it is first needed. `server.ts` makes one for all mounts. */
import type { Clock } from '../clock.ts'
import type { Mount } from '../config/mount.ts'
import type { RoomLogger } from '../define.ts'
import { Auth } from './auth.ts'

export class Auths {
  readonly #clock: Clock
  readonly #logger: RoomLogger
  readonly #known = new WeakMap<Mount, Auth>()

  constructor(clock: Clock, logger: RoomLogger) {
    this.#clock = clock
    this.#logger = logger
  }

  /** `undefined`: the mount needs no token. */
  of(mount: Mount): Auth | undefined {
    if (!mount.auth) return undefined
    const known = this.#known.get(mount)
    if (known) return known
    const failed = (reason: string) =>
      this.#logger.warn(
        { room: mount.pattern, reason },
        'the keys for tokens could not be fetched; check auth.jwksUrl of this room',
      )
    const made = new Auth(mount.auth, this.#clock, failed)
    this.#known.set(mount, made)
    return made
  }
}
