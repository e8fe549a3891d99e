/**
 * Epochs: each is one uninterrupted life of a room's log. An epoch begins with its time (as a UUIDv7, RFC 9562, 5.7),
 * so that offsets sort as text in the order of the log, as the Durable Streams protocol asks.
 *
 * A life is saved when it begins, an epoch with its first event. An epoch that was never saved can still be checked: it
 * contains its life, and its last digits are a hash of the epoch before it and of the seq at which it began.
 */
import { hash } from 'node:crypto'
import type { Random } from '../random.ts'

/** Hex digits: 48 bits of time in ms, 40 random bits of the life, 40 bits of the hash of where it began. */
const TIME = 12
const HEAD = 22
/** The most lives that are remembered. */
export const MAX_LIVES = 10_000

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

  /** `known`: earlier lives, the oldest first. */
  constructor(nowMs: number, random: Random, known: Iterable<string> = []) {
    this.#random = random
    this.#known = new Set(known)
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
    if (!this.#known.has(epoch.slice(TIME, HEAD))) return false
    return epoch.slice(HEAD) === place(epoch.slice(0, HEAD), path, previous, first)
  }
}

function place(head: string, path: string, previous = '', first: number): string {
  return hash('sha256', `${head} ${previous} ${first} ${path}`, 'hex').slice(0, 32 - HEAD)
}
