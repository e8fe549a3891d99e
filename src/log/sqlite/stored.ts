/** What is asked of the database and what it answers: plain data that can be sent to its thread and back. */
import type { EpochEntry } from '../lineage.ts'
import type { StoredEvent } from './event.ts'
import type { StoredKey } from './idempotency.ts'

/** When the oldest of a room was kept, ms since 1970; `undefined`: there is none. */
export interface Oldest {
  readonly oldest: number | undefined
  /** Of the answers to clients. */
  readonly answered: number | undefined
}

/** A room's log as it is found on disk. */
export interface StoredRoom extends Oldest {
  readonly id: number
  readonly epochs: readonly EpochEntry[]
  readonly first: number
  readonly seq: number
  /** The newest events, oldest first. */
  readonly recent: readonly StoredEvent[]
}

/** What the first commit of a room in this process keeps beside its events. */
export interface Begin {
  readonly id: number
  readonly path: string
  readonly maxAgeMs: number
  readonly entry: EpochEntry
  /** How many epochs it has with this one. */
  readonly epochCount: number
}

/** What is kept in one transaction. */
export interface Commit {
  /** The life it is of, where that is not kept yet. */
  readonly life?: string
  /** Rooms that keep something for the first time in this process. */
  readonly begins: readonly Begin[]
  /** Room, seq, time, type, JSON text of the data; one after the other. */
  readonly events: readonly (number | string)[]
  readonly keys: readonly StoredKey[]
}

/** What a log knows of its database from the start. */
export interface Contents {
  /** The largest id of a room. */
  readonly lastId: number
  /** Fingerprints of the rooms' paths; `undefined`: there are more than were asked for. */
  readonly paths: Int32Array | undefined
  /** Lives of before, the oldest first. */
  readonly lives: readonly string[]
}

/** What a step of cleaning left. */
export interface Trimmed extends Oldest {
  readonly first: number
  readonly isDone: boolean
}
