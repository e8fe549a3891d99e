/**
 * Which node opens a room whose alarm is due: all see the same alarms. A room that a living node has is left to that; of one
 * that nobody has, or a dead node, the first by rendezvous hash opens it, another a moment later if it has not. An owner
 * whose alarm is late is looked for. `room/alarm-openings.ts` asks.
 */
import type { Clock } from '../clock.ts'
import type { RoomAlarm } from '../log/kept-rooms.ts'
import type { Claims } from '../log/redis/claims.ts'
import type { AlarmTurns } from '../room/alarm-turns.ts'
import type { NodeId } from './link-message.ts'
import type { Owners } from './owners.ts'
import type { Roster } from './roster.ts'

/** What a node has set that dies at once is found by then. */
const READ_MS = 3000

export interface NodeAlarmTurnsParts {
  readonly clock: Clock
  readonly claims: Pick<Claims, 'look' | 'alarmOf'>
  readonly roster: Pick<Roster, 'self' | 'get' | 'hasProof'>
  readonly ownership: Pick<Owners, 'isToTake' | 'judge'>
  /**
   * Whether a room without durable history is in the memory of this node, and nobody has had it since: nobody else knows of
   * its alarms. `number`: of its last claim.
   */
  readonly remembers: (path: string, number: number) => boolean
  /** Makes sure by a link that a node is there; says if it refuses one. */
  readonly reach: (node: NodeId, path: string) => Promise<unknown>
}

export class NodeAlarmTurns implements AlarmTurns {
  readonly readMs = READ_MS
  onGone: () => void = () => {}
  readonly #parts: NodeAlarmTurnsParts

  constructor(parts: NodeAlarmTurnsParts) {
    this.#parts = parts
  }

  async turnOf(path: string, looks: number): Promise<'open' | 'elsewhere' | 'none' | RoomAlarm> {
    const { claims, clock, ownership, remembers, roster } = this.#parts
    const [{ owner, at: last }, at] = await Promise.all([claims.look(path), claims.alarmOf(path)])
    const isOthers = owner !== '' && owner !== roster.self
    if (at === undefined && (isOthers || !remembers(path, last.number))) return 'none'
    if (at !== undefined && at > clock.now()) return { path, at }
    const mayOpen = roster.hasProof && roster.get(roster.self)?.isDraining !== true
    if (!mayOpen) return 'elsewhere'
    if (owner === roster.self || at === undefined) return 'open'
    if (isOthers && !(await this.#isGone(owner, path, looks))) return 'elsewhere'
    return looks > 0 || ownership.isToTake(path) ? 'open' : 'elsewhere'
  }

  /** Its alarm is late: it may be dead. */
  async #isGone(owner: NodeId, path: string, looks: number): Promise<boolean> {
    const { ownership, reach } = this.#parts
    if (looks > 0) await reach(owner, path)
    return ownership.judge(owner)
  }
}
