/**
 * The contract of a log: it numbers and keeps events, and in the same transaction a room's storage, its alarms and the
 * answers to its clients. A room only appends; what follows (delivery, answers) is the log's callback, so that everyone
 * sees one order. `memory.ts` keeps nothing over a restart.
 */
import type { Frame } from '../delivery/frame.ts'
import type { RoomError } from '../errors.ts'
import type { KeptRoom, RoomAlarm, RoomContents } from './kept-rooms.ts'

export interface Log {
  /**
   * Opens the log of one room. `lost` is called at most once: the log has lost events of this opening, or another server
   * has opened the room. It keeps nothing more, its entries that are not told yet need not be, what is read of it may
   * reject, and it closes at once; epoch, first and seq stay as they were. Open it again.
   */
  open(path: string, retention: Retention, lost?: (reason: string) => void): Promise<RoomLog>
  /** The span of a room's log, open or not; `undefined` if nothing was ever published. */
  peek(path: string): LogSpan | undefined | Promise<LogSpan | undefined>
  /** Why nothing can be kept now; `undefined` if it can. */
  readonly trouble: string | undefined
  /** Whether rooms go on in spite of `trouble`, with what needs no writing; default: no. */
  readonly goesOn?: boolean
  /** What is dangerous about where it is kept; the operator can mend it. */
  readonly warnings?: readonly LogWarning[]
  /**
   * 32 secret bytes, which it keeps: ids of guests are made with them. Throws a `RoomError` `unavailable` while it does
   * not know them.
   */
  readonly key: Uint8Array
  /** Rooms with alarms, open or not, by the time of the earliest of each; those after `after`. */
  alarms(limit: number, after?: RoomAlarm): Promise<readonly RoomAlarm[]>
  /** Rooms of which something is kept, open or not, by path; those after the path `after`. */
  rooms(limit: number, after?: string): Promise<readonly KeptRoom[]>
  /** What is kept of one room beside its events, open or not; `undefined`: nothing was ever kept. */
  contents(path: string): Promise<RoomContents | undefined>
  /**
   * Removes all of a room: events, storage, alarms, remembered ids. Older offsets are answered `cleared`. If the room is
   * open, its log keeps nothing from now on; open it again. Returns whether there was something.
   */
  erase(path: string): Promise<boolean>
  /**
   * The bytes of a file that a log opens: a copy of all that is kept, at one moment. Appends go on meanwhile, and a slow
   * reader holds up nothing. Not there: nothing is kept over a restart.
   */
  backup?(): AsyncIterable<Uint8Array>
  /** Writes what is pending and releases the log. `ms`: so long it may wait for an engine that does not answer. */
  close(ms?: number): Promise<void>
}

/** Something that can cost data or stop writes; `kind` is for metrics, `text` says how to mend it. */
export interface LogWarning {
  readonly kind: string
  readonly text: string
}

/** What a room asks of its log. */
export interface Retention {
  /** How many events are kept. */
  readonly keep: number
  /** How long an event is kept, in ms. */
  readonly maxAgeMs: number
  /** Whether an append must survive the process. */
  readonly durable: boolean
  /** How many ids of messages are remembered; default: 1,000,000. When it is full, new ones are refused (`limits.ids`). */
  readonly ids?: number | undefined
  /** After how many ms without being open and without an append a room is erased whole; default: never. */
  readonly forgetAfterMs?: number | undefined
}

/** How durable an acknowledged event is. */
export type Kept = 'memory' | 'os' | 'fsync' | 'replicated'

/** An event that is not numbered yet; `data` is JSON text. */
export interface Draft {
  readonly type: string
  readonly data: string
}

/** Makes a retry safe: it is kept in the same transaction as the events, and found again by `recall` or `producer`. */
export type IdempotencyKey = ClientKey | ProducerKey

/** A message of a client. A different `hash` under the same id is another message. */
export interface ClientKey {
  readonly client: string
  readonly id: string
  readonly hash: string
  /** The index of its first event among those appended with it; `undefined`: it has none. */
  readonly draft?: number | undefined
  /** The message was answered with this error after a part of it was kept. */
  readonly error?: StoredError | undefined
  /** The id is kept already, or about to be: its seq, if it has none yet, and its error are added to it. */
  readonly isUpdate?: boolean | undefined
}

/** An error that is kept under a message's id. */
export interface StoredError {
  readonly code: string
  readonly message: string
}

/** A batch of an idempotent producer (Durable Streams protocol, 5.2.1). */
export interface ProducerKey {
  readonly producer: string
  readonly epoch: number
  readonly seq: number
}

/** What is kept of a client's message. `seq`: of its first event, if it had one. */
export interface StoredAnswer {
  /**
   * The hash, or its beginning: of one in base64url 12 characters or more, 72 bits. '': the event was redacted, and with it
   * what the message said.
   */
  readonly hash: string
  readonly seq: number | undefined
  /** It was answered with this error. */
  readonly error?: StoredError | undefined
}

/** `undefined`: the message was never handled. `forgotten`: it may have been, too long ago to know. */
export type Recalled = StoredAnswer | 'forgotten' | undefined

/** The last batch of a producer. */
export interface ProducerState {
  readonly epoch: number
  readonly seq: number
}

/** The span of a log: its epoch, its oldest event and its newest. */
export interface LogSpan {
  readonly epoch: string
  readonly first: number
  readonly seq: number
}

/** A value of a room's storage as it is kept: JSON text, or bytes. */
export type Stored = string | Uint8Array

/** What an entry changes beside its events. */
export interface Changes {
  /** New values by key; `undefined`: deleted. */
  readonly storage?: ReadonlyMap<string, Stored | undefined> | undefined
  /** When each alarm is due, ms since 1970; `undefined`: deleted. */
  readonly alarms?: ReadonlyMap<string, number | undefined> | undefined
  /** The seqs of events whose type and data are erased. One that reports that another was erased stays as it is. */
  readonly redacted?: readonly number[] | undefined
  /** No event from before this entry is kept. */
  readonly clearsHistory?: boolean | undefined
}

/**
 * What is kept in one transaction, all or nothing. The log calls `kept` or `failed` once, in the order in which the
 * entries of a room were appended, and within `append` itself if nothing has to be waited for. If one fails, so do all
 * that were appended after it and are not kept yet. Neither may throw.
 */
export interface Entry {
  readonly drafts: readonly Draft[]
  readonly keys: readonly IdempotencyKey[]
  readonly changes: Changes | undefined
  /** Bytes that wait with the entry beside its drafts. */
  readonly size: number
  /** `frames`: its events with their seqs. */
  kept(frames: readonly Frame[]): void
  failed(error: RoomError): void
  /**
   * It had failed because nobody could say whether it is kept, and it is. Nothing was kept meanwhile. Called by a log that
   * is elsewhere.
   */
  keptLate?(frames: readonly Frame[]): void
}

/** Whether an entry has nothing to keep: it only waits for those before it. */
export function isEmpty({ drafts, keys, changes }: Entry): boolean {
  return drafts.length === 0 && keys.length === 0 && changes === undefined
}

/** What a room remembers beside its events. */
export interface RoomState {
  readonly storage: Map<string, Stored>
  readonly alarms: Map<string, number>
}

export interface RoomLog {
  /** The current epoch: 32 hex digits that sort by the time of its beginning. */
  readonly epoch: string
  /** The oldest event kept; `seq + 1` if there is none. */
  readonly first: number
  /** The newest event delivered; 0 before the first. */
  readonly seq: number
  /**
   * How well all that was told as kept is kept. It may change with each entry: read it within the entry's `kept`, and it
   * holds for that entry and all before it.
   */
  readonly kept: Kept
  /** The storage and the alarms as they were kept when the log was opened; empty from then on. */
  takeState(): RoomState
  /** Keeps an entry. One that has nothing to keep only waits for those before it. */
  append(entry: Entry): void
  /** Too many bytes wait behind an entry that is not kept yet. */
  readonly isBehind: boolean
  /**
   * A page: at most `limit` events after `after` that fit into `bytes` (default: of a page), but at least one if there
   * is one; oldest first, without a hole. Synchronous if they are in memory. Rejects if events are damaged or missing.
   */
  read(after: number, limit: number, bytes?: number): readonly Frame[] | Promise<readonly Frame[]>
  /** Whether a client that saw up to (epoch, seq) can be given everything after it. */
  locate(epoch: string, seq: number): Resume
  /** The answer to a client's message. */
  recall(client: string, id: string): Recalled | Promise<Recalled>
  /** The last batch of a producer; `undefined`: it never appended. */
  producer(id: string): ProducerState | undefined | Promise<ProducerState | undefined>
  close(): Promise<void>
}

/** Why a resume is not possible (`welcome.reason`). */
export type Lost = 'epoch' | 'trimmed' | 'truncated' | 'ahead' | 'cleared'
export type Resume = { readonly after: number } | { readonly lost: Lost }

/** Ids are remembered for at least this long, and as long as the events of their messages. */
export const REMEMBER_MS = 24 * 3_600_000

/** The token a client resumes with: `<epoch>_<seq, 16 digits>`; sorts as text in the order of the log. */
export function offset(epoch: string, seq: number): string {
  return `${epoch}_${String(seq).padStart(16, '0')}`
}

/** The position in an offset token; `undefined` if it is not one. */
export function parseOffset(token: string): { epoch: string; seq: number } | undefined {
  const match = /^([0-9a-f]{32})_(\d{16})$/.exec(token)
  if (!match?.[1] || !match[2]) return undefined
  const seq = Number(match[2])
  return Number.isSafeInteger(seq) ? { epoch: match[1], seq } : undefined
}

/** Whether this has the form of an offset token. */
export function isOffset(token: string): boolean {
  return parseOffset(token) !== undefined
}

/** Whether this is a position in a log: `-1` (before the oldest event kept), `now`, or an offset. */
export function isPosition(token: string): boolean {
  return token === '-1' || token === 'now' || parseOffset(token) !== undefined
}
