/**
 * What a room is given: the parts of the house that all rooms share, its mount's settings, and the author's handlers.
 * `server.ts` (or a test) makes a house, `rooms.ts` builds rooms in it.
 */
import type { Clock } from '../clock.ts'
import type { JsonBounds } from '../config/mount.ts'
import type { RoomLogger } from '../define.ts'
import type { FlushQueue } from '../delivery/flush-queue.ts'
import type { Log, Retention } from '../log/log.ts'
import type { Random } from '../random.ts'
import type { Tally } from '../tally.ts'
import type { Rate } from '../token-bucket.ts'
import type { Deadlines } from './deadlines.ts'

/** What the house gives every room. */
export interface RoomParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly flushQueue: FlushQueue
  readonly deadlines: Deadlines
  /** Where the rooms of a line of rooms.json count. */
  readonly tallyOf: (pattern: string) => Tally
  readonly logger: RoomLogger & { child(fields: object): RoomLogger }
}

/** What a mount says of its rooms. */
export interface RoomSettings {
  /** The line of rooms.json, which names its metrics. */
  readonly pattern: string
  readonly history: Retention & { readonly replay: number }
  /** How long a lost member is waited for. */
  readonly rejoinWithinMs: number
  readonly limits: {
    readonly peers: number
    readonly rate: Rate
    readonly abuse: number
    readonly json: JsonBounds
    /** Messages of one peer that may wait for its async handlers. */
    readonly waiting: number
    readonly bufferedBytes: number
    readonly sendTimeoutMs: number
  }
}

/** Handlers of either kind of room, as this file calls them. */
export interface CommonHandlers<P> {
  join?(peer: P): unknown
  drop?(peer: P): unknown
  rejoin?(peer: P): unknown
  leave?(peer: P): unknown
  close?(): unknown
}
