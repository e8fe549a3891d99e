/**
 * The contract of a log: it orders, keeps and carries. Publishing only appends here; delivery is what the log calls
 * back, so every peer sees one order whatever road the event came by. `memory.ts` keeps nothing over a restart.
 */
import type { Frame } from '../delivery/frame.ts'

export interface Log {
  /** Opens the log of one room. `deliver` is called for each event, in order, also for what `carry` takes. */
  open(path: string, retention: Retention, deliver: Deliver): Promise<RoomLog>
  /** Where the log of a room stands, open or not; `undefined` where nothing was ever said. */
  peek(path: string): LogSpan | undefined | Promise<LogSpan | undefined>
  /** Why nothing can be kept now; `undefined` while all is well. */
  readonly trouble: string | undefined
  /** Writes what is pending and lets go. */
  close(): Promise<void>
}

/** What a room asks of its log. */
export interface Retention {
  /** How many events are kept. */
  readonly keep: number
  /** How long, in ms. */
  readonly maxAgeMs: number
  /** Whether an append must survive the process. */
  readonly durable: boolean
}

/** How well an acknowledged event is kept. */
export type Kept = 'memory' | 'os' | 'fsync' | 'replicated'

export type Deliver = (frame: Frame, except?: object) => void

/** An event that is not numbered yet; `data` is JSON text. */
export interface Draft {
  readonly type: string
  readonly data: string
}

/** What makes a retry safe: it is kept in the same transaction as the events, and found again by `recall`. */
export type IdempotencyKey = ClientKey | ProducerKey

/** A message of a client: `hash` tells whether another message comes under the same id. */
export interface ClientKey {
  readonly client: string
  readonly id: string
  readonly hash: string
  /** Which of the events appended with it is its first; `undefined`: it has none. */
  readonly draft?: number | undefined
}

/** A batch of an idempotent producer (Durable Streams protocol, 5.2.1). */
export interface ProducerKey {
  readonly producer: string
  readonly epoch: number
  readonly seq: number
}

/** What is remembered of a client's message: `seq` of its first event, where it had one. */
export interface Answer {
  readonly hash: string
  readonly seq: number | undefined
}

/** `undefined`: it was never handled. `forgotten`: it may have been, too long ago to tell. */
export type Recalled = Answer | 'forgotten' | undefined

/** Where a producer stands. */
export interface ProducerState {
  readonly epoch: number
  readonly seq: number
}

/** The span of a log. */
export interface LogSpan {
  readonly epoch: string
  readonly first: number
  readonly seq: number
}

export interface RoomLog {
  /** One uninterrupted life of this log: 32 hex digits that sort by the time they began. */
  readonly epoch: string
  /** The oldest event kept; `seq + 1` where none is. */
  readonly first: number
  /** The newest event delivered; 0 before the first. */
  readonly seq: number
  readonly kept: Kept
  /**
   * Numbers, keeps and delivers events in one step, with their keys: all of it or nothing. Returns the seq of the first
   * (of the newest there is, where `drafts` is empty). The promise rejects with `unavailable` when it cannot be kept.
   */
  append(drafts: readonly Draft[], keys?: readonly IdempotencyKey[]): number | Promise<number>
  /**
   * Delivers in the same order, keeping nothing. `except` is handed through to `deliver`. Throws `unavailable` where too
   * much waits behind what is being kept.
   */
  carry(frame: Frame, except?: object): void
  /**
   * A page: at most `limit` events after `after` that fit into `bytes` (a page's by default), at least one where there is
   * one; oldest first, without a hole; at once where they are in memory.
   */
  read(after: number, limit: number, bytes?: number): readonly Frame[] | Promise<readonly Frame[]>
  /** Whether a client that saw up to (epoch, seq) can be given everything after it. */
  locate(epoch: string, seq: number): Resume
  /** What was answered to a client's message. */
  recall(client: string, id: string): Recalled | Promise<Recalled>
  /** Where a producer stands; `undefined`: it never appended. */
  producer(id: string): ProducerState | undefined | Promise<ProducerState | undefined>
  close(): Promise<void>
}

/** Why a resume is not possible (`welcome.reason`). */
export type Lost = 'epoch' | 'trimmed' | 'truncated' | 'ahead'
export type Resume = { readonly after: number } | { readonly lost: Lost }

/** Ids are remembered for at least so long, and as long as the event they made. */
export const REMEMBER_MS = 24 * 3_600_000

/** The token a client resumes with: `<epoch>_<seq, 16 digits>`; sorts as text in the order of the log. */
export function offset(epoch: string, seq: number): string {
  return `${epoch}_${String(seq).padStart(16, '0')}`
}

/** The position in an offset token; `undefined` where it is none. */
export function parseOffset(token: string): { epoch: string; seq: number } | undefined {
  const match = /^([0-9a-f]{32})_(\d{16})$/.exec(token)
  if (!match?.[1] || !match[2]) return undefined
  const seq = Number(match[2])
  return Number.isSafeInteger(seq) ? { epoch: match[1], seq } : undefined
}

/** Whether a client may name this as a place in a log: `-1` (before the oldest event kept), `now`, or an offset. */
export function isPosition(token: string): boolean {
  return token === '-1' || token === 'now' || parseOffset(token) !== undefined
}
