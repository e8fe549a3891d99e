/**
 * Reads an event room without a membership: resolves offsets, pages through the log, and subscribes readers to live
 * events. `event-room.ts` owns it; the HTTP transports use it.
 */

import type { Clock } from '../clock.ts'
import type { Audience } from '../delivery/audience.ts'
import type { Frame } from '../delivery/frame.ts'
import { fitting, PAGE } from '../delivery/page.ts'
import { Subscriber, type SubscriberOwner } from '../delivery/subscriber.ts'
import type { Wire } from '../delivery/wire.ts'
import { Close, type CloseReason, inWords, refusalOf, roomErrorOf } from '../errors.ts'
import type { ErrorLogger } from '../guarded.ts'
import { type Lost, offset as offsetOf, parseOffset, type Resume, type RoomLog } from '../log/log.ts'
import type { Limit } from '../tally.ts'
import { catchUp } from './catch-up.ts'
import type { Page, RoomReaders, Subscription } from './open-room.ts'
import { reset } from './protocol.ts'
import { justClosed, notSure } from './room-refusals.ts'

export interface ReadersParts {
  readonly roomLog: () => RoomLog
  readonly audience: Audience
  readonly clock: Clock
  readonly logger: ErrorLogger
  /** Whether this server may speak for the room. */
  readonly mayAct: () => boolean
  /** How many past events a new peer gets. */
  readonly replay: number
  /** The room's `limits.sendTimeout`. */
  readonly sendTimeoutMs: number
}

/** A subscriber that is no member. */
export class Reader implements Subscription, SubscriberOwner {
  readonly subscriber: Subscriber
  hasLeft = false
  readonly #readers: Readers

  constructor(wire: Wire, audience: Audience, readers: Readers) {
    this.subscriber = new Subscriber(this, wire, audience)
    this.#readers = readers
  }

  cutSlow(limit: Limit): void {
    this.subscriber.cut(limit)
  }

  leave(): void {
    this.#readers.leave(this)
  }

  cut(_subscriber: Subscriber, reason: CloseReason): void {
    this.#readers.end(this, reason)
  }
}

export class Readers implements RoomReaders {
  readonly #parts: ReadersParts
  #readers: Set<Reader> | undefined
  /** Set when all readers were ended: later ones are ended at once, with this reason. */
  #endReason: (() => CloseReason) | undefined

  constructor(parts: ReadersParts) {
    this.#parts = parts
  }

  /**
   * The seq after which an offset resumes, or why it cannot: `-1` is the oldest event kept, `now` the end of the log. Throws
   * a `Refusal` 503 if this server may not speak for the room.
   */
  find(token: string): Resume {
    if (!this.#parts.mayAct()) throw notSure()
    const { first, seq } = this.#roomLog
    if (token === '-1') return { after: first - 1 }
    if (token === 'now') return { after: seq }
    const position = parseOffset(token)
    return position ? this.#roomLog.locate(position.epoch, position.seq) : { lost: 'epoch' }
  }

  /** The seq after which a new peer begins. */
  get newcomerAfter(): number {
    const { first, seq } = this.#roomLog
    return Math.max(first - 1, seq - this.#parts.replay)
  }

  get epoch(): string {
    return this.#roomLog.epoch
  }

  get seq(): number {
    return this.#roomLog.seq
  }

  /** The offset of a seq, by default of the end of the log. */
  offset(seq = this.#roomLog.seq): string {
    return offsetOf(this.#roomLog.epoch, seq)
  }

  /** The page of at most `limit` events after `after`; `undefined` if retention removed its beginning. */
  async page(after: number, limit: number = PAGE.events): Promise<Page | undefined> {
    const frames = await this.#read(after, Math.min(limit, PAGE.events))
    if ((frames[0]?.seq ?? this.#roomLog.first) > after + 1) return undefined
    return this.#pageOf(frames, after)
  }

  /** The page of at most `limit` events that ends just before the event `before`. */
  async pageBefore(before: number, limit: number = PAGE.events): Promise<Page> {
    const { first } = this.#roomLog
    const end = Math.max(first, before) - 1
    const start = Math.max(first - 1, end - Math.min(limit, PAGE.events))
    let frames: Frame[] = []
    for (let cursor = start; cursor < end; ) {
      // A log may return fewer events than asked for.
      const read = await this.#read(cursor, end - cursor)
      const last = read.at(-1)
      if (!last) break
      // Retention may have removed the beginning meanwhile, and a page must have no gap.
      const isWhole = (frames.at(-1)?.seq ?? cursor) + 1 === read[0]?.seq
      frames = isWhole ? [...frames, ...read] : [...read]
      frames = fitting(frames.toReversed(), ({ size }) => size, PAGE.bytes).reverse()
      cursor = last.seq
    }
    return this.#pageOf(frames, frames[0] ? frames[0].seq - 1 : end)
  }

  /** The frame that reports a gap in the log to a reader. */
  reset(reason: Lost): Frame {
    const { epoch, first, seq } = this.#roomLog
    return reset({ epoch, first, seq, reason })
  }

  /** The oldest event kept. */
  get first(): number {
    return this.#roomLog.first
  }

  #pageOf(frames: readonly Frame[], after: number): Page {
    const end = frames.at(-1)?.seq ?? after
    return { frames, after, end, next: this.offset(end), isUpToDate: end >= this.#roomLog.seq }
  }

  /** Sends a wire the events after `after`, then the live ones, until it leaves. */
  subscribe(wire: Wire, after: number): Reader {
    const { audience, clock, logger, sendTimeoutMs } = this.#parts
    const reader = new Reader(wire, audience, this)
    // It was admitted before the readers were ended.
    if (this.#endReason || !this.#parts.mayAct()) {
      this.end(reader, this.#endReason?.() ?? Close.busy)
      return reader
    }
    this.#readers ??= new Set()
    this.#readers.add(reader)
    const context = { roomLog: this.#roomLog, audience, clock, sendTimeoutMs }
    const failed = (error: unknown) => {
      // The room has closed meanwhile.
      if (reader.hasLeft && this.#endReason) return
      logger.error(inWords(error), 'the history could not be read')
      this.end(reader, Close.busy)
    }
    catchUp(context, reader.subscriber, [], after)?.catch(failed)
    return reader
  }

  /** Ends one reader. */
  end(reader: Reader, reason: CloseReason): void {
    this.leave(reader)
    reader.subscriber.wire.close(reason)
  }

  /** Ends all readers, each with its own reason, and every later one too. */
  endAll(reason: () => CloseReason): void {
    this.#endReason = reason
    for (const reader of [...(this.#readers ?? [])]) {
      reader.subscriber.flush()
      this.end(reader, reason())
    }
  }

  /** Rejects with a `Refusal` 503 if the room has closed meanwhile, or the log cannot be read now. */
  async #read(after: number, limit: number): Promise<readonly Frame[]> {
    if (!this.#parts.mayAct()) throw notSure()
    try {
      return await this.#roomLog.read(after, limit)
    } catch (thrown) {
      if (this.#endReason) throw justClosed()
      const error = roomErrorOf(thrown)
      throw error ? refusalOf(error, false) : thrown
    }
  }

  get #roomLog(): RoomLog {
    return this.#parts.roomLog()
  }

  leave(reader: Reader): void {
    if (reader.hasLeft) return
    reader.hasLeft = true
    this.#readers?.delete(reader)
    this.#parts.audience.remove(reader.subscriber)
  }
}
