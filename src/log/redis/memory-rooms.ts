/**
 * The rooms without durable history: what they publish is in the memory of this server, also after they have closed. Where
 * several servers share a Redis, it is forgotten as soon as another has had the room: its offsets would skip what was
 * published there. `redis.ts` owns it.
 */
import type { Clock } from '../../clock.ts'
import type { Random } from '../../random.ts'
import type { Retention, RoomLog } from '../log.ts'
import { MemoryLog } from '../memory.ts'
import type { Claim } from './position.ts'

/** Claims of more rooms are not remembered: those whose last was longest ago are taken for rooms that others had. */
const MOST_CLAIMS = 20_000
/** So many of the oldest are looked at with each claim: one with storage or alarms is not left. */
const LOOKS = 4

export class MemoryRooms extends MemoryLog {
  /** The number of the last claim of each, the oldest first. */
  readonly #claimed: Map<string, number>

  constructor(clock: Clock, random: Random) {
    super(clock, random)
    this.#claimed = new Map()
  }

  /** `claim`: with which this node opens it; without one it is the only one. */
  async openClaimed(path: string, retention: Retention, claim: Claim | undefined): Promise<RoomLog> {
    if (claim) {
      if (this.#claimed.get(path) !== claim.from.number) await this.erase(path)
      this.#claimed.delete(path)
      this.#claimed.set(path, claim.at.number)
      for (let looks = 0; looks < LOOKS && this.#claimed.size > MOST_CLAIMS; looks += 1) this.#leaveOldest()
    }
    return this.open(path, retention)
  }

  #leaveOldest(): void {
    const [oldest] = this.#claimed
    if (!oldest) return
    const [path, number] = oldest
    this.#claimed.delete(path)
    if (this.hasState(path)) this.#claimed.set(path, number)
  }

  /** Whether something of the room is left. `number`: of its last claim; then only if that was this server's. */
  keeps(path: string, number?: number): boolean {
    if (number !== undefined && this.#claimed.get(path) !== number) return false
    const isKept = this.peek(path) !== undefined
    if (!isKept) this.#claimed.delete(path)
    return isKept
  }
}
