/** What goes to the database thread and comes back: plain data that can be sent between threads. */
import type { EpochEntry } from '../lineage.ts'
import type { Stored } from '../log.ts'
import type { StoredEvent } from '../stored-event.ts'
import type { StoredKey } from './idempotency.ts'

/** The times of a room's oldest event and answer, ms since 1970; `undefined`: there is none. */
export interface Oldest {
  readonly oldest: number | undefined
  readonly answered: number | undefined
}

/** A room's storage and alarms on disk. */
export interface StoredState {
  readonly storage: readonly (readonly [key: string, value: Stored])[]
  readonly alarms: readonly (readonly [name: string, at: number])[]
}

/** A room's log on disk. */
export interface StoredRoom extends Oldest {
  readonly id: number
  readonly epochs: readonly EpochEntry[]
  readonly first: number
  readonly seq: number
  /** The newest events, oldest first. */
  readonly recent: readonly StoredEvent[]
  readonly state: StoredState
  /** How many ids of messages are remembered. */
  readonly ids: number
}

/** An epoch that a room begins with a commit: its first of this process, or a new one since its history is cleared. */
export interface Begin {
  readonly id: number
  readonly path: string
  readonly maxAgeMs: number
  readonly forgetAfterMs: number | undefined
  readonly entry: EpochEntry
  /** How many epochs the room has, with this one. */
  readonly epochCount: number
}

/** What a commit changes of a room beside its events. */
export interface RoomChanges {
  readonly room: number
  readonly storage: ReadonlyMap<string, Stored | undefined>
  readonly alarms: ReadonlyMap<string, number | undefined>
  readonly redacted: readonly number[]
}

/** What is written in one transaction. */
export interface Commit {
  /** When, ms since 1970. */
  readonly now: number
  /** The current life, if it is not saved yet. */
  readonly life?: Life
  /** Epochs that begin. */
  readonly begins: readonly Begin[]
  /** Room, seq, time, type, JSON text of the data; one after the other. */
  readonly events: readonly (number | string)[]
  readonly keys: readonly StoredKey[]
  readonly changes: readonly RoomChanges[]
}

/** What is saved once in the life of a log. */
export interface Life {
  readonly life: string
  readonly key: Uint8Array
}

/** What a log reads of its database at the start. */
export interface Contents {
  /** The largest id of a room. */
  readonly lastId: number
  /** Fingerprints of the rooms' paths; `undefined`: there are more than the limit. */
  readonly paths: Int32Array | undefined
  /** Earlier lives, the oldest first. */
  readonly lives: readonly string[]
  /** `Log.key`, if it is saved. */
  readonly key: Uint8Array | undefined
}

/** What is left after one step of trimming. */
export interface Trimmed extends Oldest {
  readonly first: number
  readonly isDone: boolean
  /** How many ids of messages it forgot. */
  readonly forgotten: number
}

/** A room for the sweep. */
export interface SweptRoom {
  readonly id: number
  readonly path: string
  readonly maxAge: number
  /** When it is erased if nobody uses it, ms since 1970. */
  readonly forgetAt: number | undefined
  /** It was erased: only the rest of it is here. */
  readonly isErased: boolean
}

/** A room for who erases it. */
export interface FoundRoom extends SweptRoom {
  readonly seq: number
  readonly epochs: readonly EpochEntry[]
}
