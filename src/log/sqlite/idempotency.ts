/**
 * Idempotency of the SQLite log: answers to clients' messages, and the state of producers, written in the transaction
 * of their events. `store.ts` owns it.
 */
import { forgottenTime, mayBeForgotten } from '../id-time.ts'
import type { IdempotencyKey, ProducerState, Recalled } from '../log.ts'
import { DigestedIds, forgottenClient } from './digested-ids.ts'
import type { SqliteFile } from './file.ts'
import { type ClientIds, fingerprint } from './seen-ids.ts'

/** What was forgotten in a step. */
export interface Forgotten {
  readonly rows: number
  /** Of them, ids of messages. */
  readonly ids: number
}

export interface StoredKey {
  readonly room: number
  readonly key: IdempotencyKey
  /** Of its first event, if it had one. */
  readonly seq: number | undefined
  readonly time: number
}

/** A later part of a message adds what its first did not have. */
const UPDATING =
  ' ON CONFLICT (room, client, id) DO UPDATE SET seq = coalesce(seq, excluded.seq), error = coalesce(excluded.error, error)'

/** Clients with forgotten ids, in all rooms. Beyond it, those whose latest forgotten id is the oldest count as new. */
const MAX_FORGOTTEN = 1_000_000

export class SqliteIdempotency {
  readonly #file: SqliteFile
  readonly #digested: DigestedIds
  readonly #maxForgotten: number
  /** An upper estimate of the rows of `forgotten`; they are counted if it is over the limit. */
  #forgottenRows = Number.POSITIVE_INFINITY

  constructor(file: SqliteFile, maxForgotten = MAX_FORGOTTEN) {
    this.#file = file
    this.#digested = new DigestedIds(file)
    this.#maxForgotten = maxForgotten
  }

  /** How many ids of messages are remembered: 0.1 ms for each 1,000, by an index. */
  count(room: number): number {
    const all = Number(this.#file.get('SELECT count(*) AS count FROM answers WHERE room = ?', room)?.count)
    return all - this.#digested.clients(room)
  }

  /** Fingerprints of the ids a client has used, at most `limit`. */
  ids(room: number, client: string, limit: number): ClientIds {
    const rows = this.#file.all('SELECT id FROM answers WHERE room = ? AND client = ? LIMIT ?', room, client, limit)
    const prints = Int32Array.from(rows, ({ id }) => fingerprint(String(id)))
    return { prints, forgottenMs: this.#forgotten(room, client), hasDigests: this.#digested.has(room) }
  }

  answer(room: number, client: string, id: string): Recalled {
    const sql = 'SELECT hash, seq, error FROM answers WHERE room = ? AND client = ? AND id = ?'
    const row = this.#file.get(sql, room, client, id) ?? this.#file.get(sql, room, ...this.#digested.keyOf(client, id))
    if (!row) return mayBeForgotten(id, this.#forgotten(room, client)) ? 'forgotten' : undefined
    const error = row.error === null ? undefined : JSON.parse(String(row.error))
    return { hash: String(row.hash), seq: row.seq === null ? undefined : Number(row.seq), error }
  }

  producer(room: number, producer: string): ProducerState | undefined {
    const row = this.#file.get('SELECT epoch, seq FROM producers WHERE room = ? AND producer = ?', room, producer)
    return row && { epoch: Number(row.epoch), seq: Number(row.seq) }
  }

  /** To be called in a transaction. */
  keep({ room, key, seq, time }: StoredKey): void {
    if ('client' in key) {
      this.#file.run(
        `INSERT INTO answers (room, client, id, hash, seq, time, error) VALUES (?, ?, ?, ?, ?, ?, ?)${key.isUpdate ? UPDATING : ''}`,
        room,
        key.client,
        key.id,
        key.hash,
        seq ?? null,
        time,
        key.error ? JSON.stringify(key.error) : null,
      )
      return
    }
    this.#file.run(
      `INSERT INTO producers (room, producer, epoch, seq, time) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (room, producer) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, time = excluded.time`,
      room,
      key.producer,
      key.epoch,
      key.seq,
      time,
    )
  }

  /** What the message of this event said is not kept any more. To be called in a transaction. */
  redact(room: number, seq: number, time: number): void {
    this.#file.run(
      "UPDATE answers INDEXED BY answers_by_time SET hash = '', seq = NULL WHERE room = ? AND time = ? AND seq = ?",
      room,
      time,
      seq,
    )
    this.#digested.redact(room, seq)
  }

  /**
   * Forgets answers from before `answeredMs`, at most `step`, and producers silent since `silentMs`. For each client the
   * latest time in a forgotten id is kept, so that such ids are refused later.
   */
  forget(room: number, answeredMs: number, silentMs: number, step: number): Forgotten {
    this.#file.run('DELETE FROM producers WHERE room = ? AND time < ?', room, silentMs)
    const old = this.#file.all(
      'SELECT client, id, time FROM answers WHERE room = ? AND time < ? ORDER BY time LIMIT ?',
      room,
      answeredMs,
      step,
    )
    const latest = new Map<string, number>()
    let ids = 0
    for (const { client, id, time: answeredMs } of old) {
      this.#file.run('DELETE FROM answers WHERE room = ? AND client = ? AND id = ?', room, String(client), String(id))
      const digested = forgottenClient(String(client), String(id))
      if (!digested) ids += 1
      const time = digested?.latestMs ?? forgottenTime(String(id), Number(answeredMs))
      const name = digested?.name ?? String(client)
      if (time !== undefined) latest.set(name, Math.max(time, latest.get(name) ?? 0))
    }
    for (const [client, until] of latest) this.forgot(room, client, until)
    this.#shrink(latest.size)
    return { rows: old.length, ids }
  }

  /** Ids of the client up to this time count as forgotten. To be called in a transaction. */
  forgot(room: number, client: string, untilMs: number): void {
    this.#file.run(
      `INSERT INTO forgotten (room, client, until) VALUES (?, ?, ?)
         ON CONFLICT (room, client) DO UPDATE SET until = max(until, excluded.until)`,
      room,
      client,
      untilMs,
    )
  }

  /** Removes twice as many as were added, so that the rows are rarely counted. */
  #shrink(added: number): void {
    this.#forgottenRows += added
    if (added === 0 || this.#forgottenRows <= this.#maxForgotten) return
    this.#forgottenRows = Number(this.#file.get('SELECT count(*) AS count FROM forgotten')?.count)
    if (this.#forgottenRows <= this.#maxForgotten) return
    this.#forgottenRows -= this.#file.run(
      'DELETE FROM forgotten WHERE (room, client) IN (SELECT room, client FROM forgotten ORDER BY until LIMIT ?)',
      2 * added,
    )
  }

  #forgotten(room: number, client: string): number | undefined {
    const sql = 'SELECT max(until) AS until FROM forgotten WHERE room = ? AND client IN (?, ?)'
    const until = this.#file.get(sql, room, client, this.#digested.nameOf(client))?.until
    return typeof until === 'number' ? until : undefined
  }
}
