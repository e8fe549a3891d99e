/** What goes to the database thread and comes back: plain data that can be sent between threads. */
import type { EpochEntry } from '../lineage.ts'
import type { StoredEvent } from './event.ts'
import type { StoredKey } from './idempotency.ts'

/** The times of a room's oldest event and answer, ms since 1970; `undefined`: there is none. */
export interface Oldest {
  readonly oldest: number | undefined
  readonly answered: number | undefined
}

/** A room's log on disk. */
export interface StoredRoom extends Oldest {
  readonly id: number
  readonly epochs: readonly EpochEntry[]
  readonly first: number
  readonly seq: number
  /** The newest events, oldest first. */
  readonly recent: readonly StoredEvent[]
}

/** What the first commit of a room in this process writes beside its events. */
export interface Begin {
  readonly id: number
  readonly path: string
  readonly maxAgeMs: number
  readonly entry: EpochEntry
  /** How many epochs the room has, with this one. */
  readonly epochCount: number
}

/** What is written in one transaction. */
export interface Commit {
  /** The current life, if it is not saved yet. */
  readonly life?: string
  /** Rooms whose first commit in this process this is. */
  readonly begins: readonly Begin[]
  /** Room, seq, time, type, JSON text of the data; one after the other. */
  readonly events: readonly (number | string)[]
  readonly keys: readonly StoredKey[]
}

/** What a log reads of its database at the start. */
export interface Contents {
  /** The largest id of a room. */
  readonly lastId: number
  /** Fingerprints of the rooms' paths; `undefined`: there are more than the limit. */
  readonly paths: Int32Array | undefined
  /** Earlier lives, the oldest first. */
  readonly lives: readonly string[]
}

/** What is left after one step of trimming. */
export interface Trimmed extends Oldest {
  readonly first: number
  readonly isDone: boolean
}
