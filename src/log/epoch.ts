/**
 * Epochs: each is one uninterrupted life of a room's log. An epoch begins with its time (as a UUIDv7, RFC 9562, 5.7),
 * so that offsets sort as text in the order of the log, as the Durable Streams protocol asks.
 *
 * A life is saved when it begins, an epoch with its first event. An epoch that was never saved can still be checked: it
 * contains its life, and its last digits are a hash of the epoch before it and of the seq at which it began.
 */
import { createHmac, hash } from 'node:crypto'
import type { Random } from '../random.ts'

/** Hex digits: 48 bits of time in ms, 40 random bits of the life, 40 bits of the hash of where it began. */
const TIME = 12
const HEAD = 22
/** The most lives that are remembered. */
export const MAX_LIVES = 10_000
/** In the place of a life: epochs may have been begun with the key of the log (`keyedPlace`), in any life. */
export const KEYED_LIFE = 'keyed'

/** Begins epochs, and recognises those that it began. */
export interface EpochMaker {
  /**
   * An epoch of the log at `path`, whose latest saved epoch is `previous` and whose next event is `first`. It sorts after
   * `previous` even if the clock went back.
   */
  begin(path: string, previous: string | undefined, first: number): string
  /** Whether it began this epoch in the log at `path`, after `previous` and with `first` as its next event. */
  hasBegun(epoch: string, path: string, previous: string | undefined, first: number): boolean
}

/** Lives of a log: each lasts from the start of a process until a room is forgotten, when the next one begins. */
export class Lives implements EpochMaker {
  readonly #random: Random
  #startMs = 0
  /** The current life: 10 hex digits. */
  current = ''
  readonly #known: Set<string>
  /** `undefined`: no epoch was begun with it. */
  readonly #key: Uint8Array | undefined

  /** `known`: earlier lives, the oldest first; `key`: of the log. */
  constructor(nowMs: number, random: Random, known: Iterable<string> = [], key?: Uint8Array) {
    this.#random = random
    this.#known = new Set(known)
    this.#key = this.#known.has(KEYED_LIFE) ? key : undefined
    this.renew(nowMs)
  }

  /** Begins the next life, so that a forgotten room, which counts from 1 again, does not get the epoch it had. */
  renew(nowMs: number): void {
    this.#startMs = Math.floor(nowMs)
    this.current = this.#random.bytes(5).toString('hex')
    this.#known.add(this.current)
    const [oldest] = this.#known
    if (this.#known.size > MAX_LIVES && oldest !== undefined) this.#known.delete(oldest)
  }

  /**
   * The epoch of this life in the log at `path`, whose latest saved epoch is `previous` and whose next event is
   * `first`. The same arguments give the same epoch, and it sorts after `previous` even if the clock went back.
   */
  begin(path: string, previous: string | undefined, first: number): string {
    const last = previous ? Number.parseInt(previous.slice(0, TIME), 16) : 0
    const time = Math.max(this.#startMs, last + 1)
    const head = time.toString(16).padStart(TIME, '0') + this.current
    return head + place(head, path, previous, first)
  }

  /** Whether the epoch began in the current life. */
  isOf(epoch: string): boolean {
    return epoch.slice(TIME, HEAD) === this.current
  }

  /**
   * Whether a life of this log began the epoch in the log at `path`, after `previous` and with `first` as its next
   * event.
   */
  hasBegun(epoch: string, path: string, previous: string | undefined, first: number): boolean {
    const head = epoch.slice(0, HEAD)
    if (this.#known.has(head.slice(TIME))) return epoch.slice(HEAD) === place(head, path, previous, first)
    return this.#key !== undefined && epoch.slice(HEAD) === keyedPlace(this.#key, head, path, previous, first)
  }
}

/** The last digits of an epoch that is begun with the key of its log, of which no life is saved. */
export function keyedPlace(
  key: Uint8Array,
  head: string,
  path: string,
  previous: string | undefined,
  first: number,
): string {
  return createHmac('sha256', key)
    .update(`${head} ${previous ?? ''} ${first} ${path}`)
    .digest('hex')
    .slice(0, 32 - HEAD)
}

function place(head: string, path: string, previous = '', first: number): string {
  return hash('sha256', `${head} ${previous} ${first} ${path}`, 'hex').slice(0, 32 - HEAD)
}
