/**
 * The secret of the log, which Redis keeps: ids of guests, epochs and the digests of message ids are made with it. A Redis
 * that has lost it gets it again. `redis.ts` owns it.
 */
import type { Clock } from '../../clock.ts'
import { RoomError } from '../../errors.ts'
import type { Random } from '../../random.ts'
import { IdDigests } from '../id-digest.ts'
import { SECRET_KEY } from './keys.ts'
import type { RedisCalls } from './redis-calls.ts'
import { bytes } from './reply.ts'
import { secret } from './scripts/secret.ts'

/** How often it is looked whether Redis still keeps it. */
const LOOK_MS = 1000

export class LogSecret {
  readonly #calls: RedisCalls
  /** As long as Redis has not said which one it keeps: one that it may keep. */
  #own: Uint8Array
  isKnown = false
  #digests: IdDigests

  constructor(calls: RedisCalls, random: Random) {
    this.#calls = calls
    this.#own = random.bytes(32)
    this.#digests = this.#newDigests()
  }

  /** Throws a `RoomError` `unavailable` while it is not known. */
  get bytes(): Uint8Array {
    if (this.isKnown) return this.#own
    throw new RoomError('unavailable', 'Redis has not answered yet, try again later')
  }

  /**
   * Makes Redis keep this one if it has none. If it has another, that is the secret from now on: Redis was given what
   * another log has kept. Returns the digests of the one that it keeps.
   */
  async keep(): Promise<IdDigests> {
    const kept = bytes(await this.#calls.run(secret, SECRET_KEY, [this.#own]))
    const isSame = !this.isKnown || kept.equals(this.#own)
    this.#own = kept
    this.isKnown = true
    if (!isSame) this.#digests = this.#newDigests()
    return this.#digests
  }

  /**
   * Redis may lose it, or be given another, while no room opens and nothing is kept here: a server that starts then would
   * have another secret than those that run. Returns what ends it.
   */
  watch(clock: Clock): () => void {
    let isAsking = false
    const look = async () => {
      if (isAsking) return
      isAsking = true
      // Without an answer it is as it was.
      await this.keep().catch(() => {})
      isAsking = false
    }
    return clock.every(LOOK_MS, () => void look())
  }

  #newDigests(): IdDigests {
    return new IdDigests(() => this.bytes)
  }
}
