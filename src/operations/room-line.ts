/** A room in the operator's list. `overview.ts` makes it, also for other nodes. */

export interface RoomLine {
  readonly room: string
  /** As named in rooms.json. */
  readonly module: string
  readonly state: 'open' | 'failed' | 'closed'
  /** Why its `open` failed. */
  readonly error?: string
  /** How many ids are members, and over how many connections. */
  readonly members: number
  readonly connections: number
  readonly seq: number
  readonly storageBytes: number
  readonly alarms: number
  readonly messagesPerSecond: number
  /** ms since 1970; `null`: it is not open. */
  readonly openedAt: number | null
  /** The node it lives on; `null`: this server runs alone. */
  readonly node: string | null
}
