/**
 * Ids of messages that are known by a digest alone, in a database that is a copy of a log which keeps no more of them: rows
 * of `answers` under names that no client has. They are forgotten as a whole part, so the latest time in an id of each
 * client stands beside them. `idempotency.ts` asks for what it does not find.
 */
import { IdDigests } from '../id-digest.ts'
import type { SqliteFile } from './file.ts'
import { keyOf } from './secret.ts'

/** Names of clients begin with a visible character, those of rooms with " room". */
const IDS = ' digests'
const CLIENTS = ' clients'
const CLIENT = ' client '

/** An id as it was digested, in hex. */
export interface DigestedId {
  readonly digest: string
  readonly hash: string
  readonly seq: number | undefined
  /** JSON text. */
  readonly error: string | undefined
}

/** The latest time in an id of a client; `digest` in hex. */
export interface DigestedClient {
  readonly digest: string
  readonly latestMs: number
}

export class DigestedIds {
  readonly #file: SqliteFile
  readonly #digests: IdDigests

  constructor(file: SqliteFile) {
    this.#file = file
    this.#digests = new IdDigests(() => keyOf(file) ?? new Uint8Array())
  }

  /** Whether there are any in the room. */
  has(room: number): boolean {
    return this.#file.get('SELECT 1 FROM answers WHERE room = ? AND client = ? LIMIT 1', room, IDS) !== undefined
  }

  /** How many rows of the room are clients. */
  clients(room: number): number {
    const sql = 'SELECT count(*) AS count FROM answers WHERE room = ? AND client = ?'
    return Number(this.#file.get(sql, room, CLIENTS)?.count)
  }

  /** Client and id of the row that stands for an id. */
  keyOf(client: string, id: string): [client: string, id: string] {
    return [IDS, this.#digests.id(client, id).toString('hex')]
  }

  /** Under which it is kept until when ids of a client are forgotten. */
  nameOf(client: string): string {
    return nameOf(this.#digests.client(client).toString('hex'))
  }

  /** What the message of this event said is not kept any more. To be called in a transaction. */
  redact(room: number, seq: number): void {
    const sql = "UPDATE answers SET hash = '', seq = NULL WHERE room = ? AND client = ? AND seq = ?"
    this.#file.run(sql, room, IDS, seq)
  }

  /** To be called in a transaction. `timeMs`: of the newest id of its part. */
  keep(room: number, { digest, hash, seq, error }: DigestedId, timeMs: number): void {
    this.#file.run(
      'INSERT OR REPLACE INTO answers (room, client, id, hash, seq, time, error) VALUES (?, ?, ?, ?, ?, ?, ?)',
      room,
      IDS,
      digest,
      hash,
      seq ?? null,
      timeMs,
      error ?? null,
    )
  }

  /** The latest time in an id of a client, in the part whose newest id is of this time. To be called in a transaction. */
  keepClient(room: number, { digest, latestMs }: DigestedClient, timeMs: number): void {
    this.#file.run(
      `INSERT INTO answers (room, client, id, hash, time) VALUES (?, ?, ?, '', ?)
         ON CONFLICT (room, client, id) DO UPDATE SET time = max(time, excluded.time)`,
      room,
      CLIENTS,
      `${digest} ${latestMs}`,
      // Before the ids: when they are forgotten, it is known that there were some.
      timeMs - 1,
    )
  }
}

/** The name for a client whose digest this is, in hex. */
export function nameOf(digest: string): string {
  return CLIENT + digest
}

/** What a row of `answers` that is being forgotten says of a client; `undefined`: it is an id. */
export function forgottenClient(client: string, id: string): { name: string; latestMs: number } | undefined {
  if (client !== CLIENTS) return undefined
  const [digest = '', latest] = id.split(' ')
  return { name: nameOf(digest), latestMs: Number(latest) }
}
