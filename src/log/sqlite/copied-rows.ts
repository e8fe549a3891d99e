/**
 * What another log has kept, written as rows of this one's tables, so that a server opens the copy and clients go on. Parts
 * of a room may come one after the other, the room itself first. `store.ts` owns it, `written-copy.ts` hands it on.
 */
import { KEYED_LIFE } from '../epoch.ts'
import type { EpochEntry } from '../lineage.ts'
import type { ProducerState, Stored } from '../log.ts'
import type { StoredEvent } from '../stored-event.ts'
import { type DigestedClient, type DigestedId, DigestedIds, nameOf } from './digested-ids.ts'
import type { EpochsTable } from './epochs-table.ts'
import type { EventsTable } from './events-table.ts'
import type { SqliteFile } from './file.ts'
import type { SqliteIdempotency } from './idempotency.ts'
import type { StateTable } from './state-table.ts'

export type Copied = CopiedKey | CopiedRoom | CopiedEvents | CopiedIds | CopiedForgotten

/** `Log.key` of a log whose epochs can be judged by it. */
export interface CopiedKey {
  readonly kind: 'key'
  readonly key: Uint8Array
}

/** A room at one moment, without its events and ids. */
export interface CopiedRoom {
  readonly kind: 'room'
  readonly room: number
  readonly path: string
  readonly seq: number
  readonly maxAgeMs: number
  readonly forgetAfterMs: number | undefined
  /** When it was last used, ms since 1970. */
  readonly usedMs: number
  readonly epochs: readonly EpochEntry[]
  readonly storage: ReadonlyMap<string, Stored>
  readonly alarms: ReadonlyMap<string, number>
  readonly producers: readonly (ProducerState & { readonly producer: string; readonly timeMs: number })[]
}

export interface CopiedEvents {
  readonly kind: 'events'
  readonly room: number
  readonly events: readonly StoredEvent[]
}

/** Ids that are forgotten together, when a day has passed since `timeMs`. */
export interface CopiedIds {
  readonly kind: 'ids'
  readonly room: number
  readonly timeMs: number
  readonly ids: readonly DigestedId[]
  readonly clients: readonly DigestedClient[]
}

/** Clients whose ids are forgotten already. */
export interface CopiedForgotten {
  readonly kind: 'forgotten'
  readonly room: number
  readonly clients: readonly DigestedClient[]
}

export interface CopiedTables {
  readonly file: SqliteFile
  readonly events: EventsTable
  readonly epochs: EpochsTable
  readonly state: StateTable
  readonly idempotency: SqliteIdempotency
}

export class CopiedRows {
  readonly #tables: CopiedTables
  readonly #digested: DigestedIds

  constructor(tables: CopiedTables) {
    this.#tables = tables
    this.#digested = new DigestedIds(tables.file)
  }

  /** To be called in a transaction. */
  keep(all: readonly Copied[]): void {
    for (const copied of all) this.#keep(copied)
  }

  #keep(copied: Copied): void {
    const { events, epochs, idempotency } = this.#tables
    const of = copied.kind === 'key' ? 0 : copied.room
    switch (copied.kind) {
      case 'key':
        epochs.live({ life: KEYED_LIFE, key: copied.key })
        break
      case 'room':
        this.#room(copied)
        break
      case 'events':
        events.keep(copied.events.flatMap(({ seq, time, type, data }) => [of, seq, time, type, data]))
        break
      case 'ids':
        for (const id of copied.ids) this.#digested.keep(of, id, copied.timeMs)
        for (const client of copied.clients) this.#digested.keepClient(of, client, copied.timeMs)
        break
      case 'forgotten':
        for (const { digest, latestMs } of copied.clients) idempotency.forgot(of, nameOf(digest), latestMs)
    }
  }

  #room({ room, path, seq, maxAgeMs, forgetAfterMs, usedMs, ...kept }: CopiedRoom): void {
    const { file, epochs, state, idempotency } = this.#tables
    file.run(
      'INSERT INTO rooms (id, path, max_age, seq, active, forget_after) VALUES (?, ?, ?, ?, ?, ?)',
      room,
      path,
      maxAgeMs,
      seq,
      usedMs,
      forgetAfterMs ?? null,
    )
    for (const entry of kept.epochs) epochs.add(room, entry)
    state.keep({ room, storage: kept.storage, alarms: kept.alarms, redacted: [] })
    for (const { timeMs, ...key } of kept.producers) idempotency.keep({ room, key, seq: undefined, time: timeMs })
  }
}
