/**
 * The seam to the rooms of other nodes, for what is asked of all rooms or of one wherever it lives: the lobby and the
 * operator's paths. `nodes/` implements it; a server that runs alone has none.
 */
import type { RoomLine } from './room-line.ts'

export interface LiveRoom {
  readonly path: string
  readonly members: number
}

/** Of one line of `rooms.json`; `open`: those with most members first. */
export interface LiveLine {
  readonly members: number
  readonly open: readonly LiveRoom[]
}

/** By the pattern of the line. */
export type LiveRooms = Readonly<Record<string, LiveLine>>

export interface Elsewhere {
  /** The id of this node. */
  readonly node: string
  /** Asks the node where the room lives to run an act. `undefined`: it lives here, or nowhere yet. */
  run(path: string, act: string, asked: unknown): Promise<{ readonly answer: unknown } | undefined>
  /** The lines of the open and failed rooms of the other nodes. One that does not answer in time is left out. */
  lines(query: { readonly after: string; readonly limit: number }): Promise<readonly RoomLine[]>
  /** The open rooms of the other nodes, as of the last second. */
  live(): Promise<readonly LiveRooms[]>
}
