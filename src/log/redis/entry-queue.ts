/**
 * The entries of one room that wait for Redis: in the order in which they came, those that are being said before the rest.
 * An entry that has nothing to keep follows the one before it. `room-commits.ts` takes them from here, and ends them here.
 */
import type { RoomLogger } from '../../define.ts'
import type { RoomError } from '../../errors.ts'
import { CarryQueue } from '../carry-queue.ts'
import type { Entry } from '../log.ts'
import { PendingKeys } from '../pending-keys.ts'
import { bytesOf, fitting } from './commit-call.ts'

/** An entry that is not kept yet. */
export interface Pending {
  readonly entry: Entry
  readonly bytes: number
  /** Monotonic ms. */
  readonly sinceMs: number
  followers: Entry[] | undefined
}

export class EntryQueue {
  readonly keys = new PendingKeys()
  readonly #path: string
  readonly #logger: RoomLogger
  readonly #waits: (bytes: number) => void
  readonly #carryQueue = new CarryQueue()
  /** The newest entry that has not ended, with those that follow it. */
  #latest: Pending | undefined
  #waiting: Pending[] = []
  #untold: (() => void) | undefined
  /** All but the first `left` are to fail, once those have ended. */
  #doom: { readonly error: RoomError; left: number } | undefined

  /** `waits`: so many bytes more (or less) wait. */
  constructor(path: string, logger: RoomLogger, waits: (bytes: number) => void) {
    this.#path = path
    this.#logger = logger
    this.#waits = waits
  }

  get isBehind(): boolean {
    return this.#carryQueue.isFull
  }

  get length(): number {
    return this.#waiting.length
  }

  /** Since when the oldest waits, monotonic ms. */
  get sinceMs(): number | undefined {
    return this.#waiting[0]?.sinceMs
  }

  add(entry: Entry, nowMs: number): void {
    const pending = { entry, bytes: bytesOf(entry), sinceMs: nowMs, followers: undefined }
    this.keys.add(entry.keys)
    this.#waits(pending.bytes)
    this.#latest = pending
    this.#waiting.push(pending)
  }

  /** An entry that keeps nothing and is said nevertheless. Resolves when it has ended. */
  addNothing(nowMs: number): Promise<void> {
    return new Promise((resolve) => {
      const ended = () => resolve()
      this.add({ drafts: [], keys: [], changes: undefined, size: 0, kept: ended, failed: ended }, nowMs)
    })
  }

  /** An entry with nothing to keep. */
  follow(entry: Entry): void {
    if (this.#latest) this.#carryQueue.add(this.#latest, entry)
    else entry.kept([])
  }

  /** Those that go into one call. */
  take(): Pending[] {
    if (this.#doom?.left === 0) this.fail(this.#doom.error)
    const taken = this.#waiting.splice(0, Math.min(fitting(this.#waiting), this.#doom?.left ?? Infinity))
    if (this.#doom) this.#doom.left -= taken.length
    return taken
  }

  /** They wait again, before all others. */
  back(pending: readonly Pending[]): void {
    this.#waiting = [...pending, ...this.#waiting]
    if (this.#doom) this.#doom.left += pending.length
  }

  /** Those before this one go on; it and all after it fail when they have ended, since entries end in their order. */
  doom(error: RoomError, from: number): void {
    this.#doom = { error, left: from }
  }

  /** Entries before all these have ended well: `tell` ends them, at the latest before any other ends. */
  tellLater(tell: () => void): void {
    this.#untold = tell
  }

  tell = (): void => {
    const tell = this.#untold
    this.#untold = undefined
    tell?.()
  }

  /** Ends them all. */
  fail(error: RoomError): void {
    this.tell()
    this.#doom = undefined
    for (const pending of this.#waiting.splice(0)) this.end(pending, () => pending.entry.failed(error), error)
  }

  /** Ends an entry, then those that follow it. */
  end(pending: Pending, end: () => void, error?: RoomError): void {
    this.keys.remove(pending.entry.keys)
    this.#waits(-pending.bytes)
    for (const step of [end, () => this.#carryQueue.end(pending, error)]) {
      try {
        step()
      } catch (err) {
        this.#logger.error({ err, room: this.#path }, 'an entry was not ended properly')
      }
    }
    // What was appended meanwhile and keeps nothing came after those that follow it.
    if (this.#latest === pending) this.#latest = undefined
  }
}
