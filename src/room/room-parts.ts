/**
 * What a room is given: the parts that all rooms of a server share, the settings of its mount, and the author's
 * handlers. `server.ts` (or a test) makes the parts; `rooms.ts` builds rooms with them.
 */
import type { Clock } from '../clock.ts'
import type { JsonBounds } from '../config/mount.ts'
import type { RoomLogger } from '../define.ts'
import type { FlushQueue } from '../delivery/flush-queue.ts'
import type { Log, Retention } from '../log/log.ts'
import type { Random } from '../random.ts'
import type { Tally } from '../tally.ts'
import type { Rate } from '../token-bucket.ts'
import type { AlarmBook } from './alarm-book.ts'
import type { Deadlines } from './deadlines.ts'
import type { SendToRoom } from './room-message.ts'
import type { StorageBudget } from './storage-budget.ts'

/** Shared by all rooms of a server. */
export interface RoomParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly flushQueue: FlushQueue
  readonly deadlines: Deadlines
  readonly alarmBook: AlarmBook
  readonly storageBudget: StorageBudget
  /**
   * Whether this server may speak for its rooms; default: always. One among several may not while another may have taken
   * them: then nobody joins, no handler or timer runs, and nothing is read.
   */
  readonly mayAct?: () => boolean
  /** Whether not all peers of a room may be here again that was at another server until now; default: never. */
  readonly isSettling?: (path: string) => boolean
  /** Sends a message of a room to another. */
  readonly sendToRoom: SendToRoom
  /** The counters of a line of rooms.json. */
  readonly tallyOf: (pattern: string) => Tally
  readonly logger: RoomLogger & { child(fields: object): RoomLogger }
}

/** The settings of a mount for its rooms. */
export interface RoomSettings {
  /** The path in rooms.json, which labels the metrics. */
  readonly pattern: string
  readonly history: Retention & { readonly replay: number }
  /** How long a disconnected member may take to rejoin. */
  readonly rejoinWithinMs: number
  readonly limits: {
    readonly peers: number
    readonly rate: Rate
    readonly abuse: number
    readonly json: JsonBounds
    /** How many messages of one peer may wait for its async handlers. */
    readonly waiting: number
    readonly bufferedBytes: number
    readonly storageBytes: number
    readonly sendTimeoutMs: number
  }
}
