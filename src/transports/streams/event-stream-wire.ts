/**
 * A wire of Server-Sent Events (WHATWG HTML, 9.2), as the Durable Streams protocol says them (5.8): `data` with a JSON
 * array of events, then `control` with where the reader stands. `live.ts` opens one per request; rooms write to it as to
 * any wire.
 *
 * Nothing can forge a field: JSON text has no line break (U+2028 is none here), and ids are hex digits and "_".
 */
import type { ServerResponse } from 'node:http'
import type { Clock } from '../../clock.ts'
import type { Bytes, Encoding, Frame } from '../../delivery/frame.ts'
import { listOf } from '../../delivery/payload.ts'
import type { Wire } from '../../delivery/wire.ts'
import type { CloseReason } from '../../errors.ts'
import type { Random } from '../../random.ts'
import type { RoomReaders } from '../../room/open-room.ts'
import { drained } from '../drained.ts'
import type { HeartbeatTarget } from '../heartbeat.ts'
import { Stalls } from '../stalls.ts'

/** A client that is gone for the network says nothing of it: comments find out, and keep proxies from cutting. */
export const BEAT_MS = 15_000
/** A plain read ends after so many beats, so that a cache can give its answer to many (protocol, 10.2). */
const BEATS = 4
/** How long the last bytes may take after the end. */
const LINGER_MS = 5000
/** An EventSource comes back after this and, at random, as long again. */
const RETRY_MS = 1000
const COMMENT = ':\n\n'
const NOTHING = Buffer.alloc(0)
const CLOSED = 3

/** `members`: all a room says. `log`: what it keeps, and that it lost something; the rest is not for who only reads. */
export function streamEncoding(audience: 'members' | 'log', readers: RoomReaders): Encoding {
  const isHeard = audience === 'members' ? () => true : isOfLog
  const join = (all: readonly Frame[]): Buffer => {
    const frames = all.filter(isHeard)
    if (frames.length === 0) return NOTHING
    const at = offsetAfter(frames, readers)
    const id = at === undefined ? '' : `id: ${at}\n`
    return Buffer.from(`event: data\ndata:${listOf(frames)}\n${id}\n`)
  }
  return { name: `sse-${audience}`, encode: (frame) => join([frame]), join }
}

/** Where who has heard these can resume; `undefined`: where it could before. */
function offsetAfter(frames: readonly Frame[], readers: RoomReaders): string | undefined {
  const last = frames.findLast(({ seq }) => seq > 0)
  if (last) return readers.offset(last.seq)
  // After a reset alone nothing older is worth resuming from.
  return frames.some(isReset) ? readers.offset() : undefined
}

function isOfLog(frame: Frame): boolean {
  return frame.seq > 0 || isReset(frame)
}

/** No room sends a type of this name. */
function isReset({ type }: Frame): boolean {
  return type === 'reset'
}

export interface EventStreamWireParts {
  readonly clock: Clock
  readonly random: Random
  readonly response: ServerResponse
  readonly encoding: Encoding
  readonly readers: RoomReaders
  /** The offset the stream begins at. */
  readonly at: string
  readonly cursor: () => string
  /** A peer's token; who has none only reads, and its stream ends by itself after a while. */
  readonly token: string | undefined
  /** Counts a connection that we end. */
  readonly closed: (code: number) => void
  /** The room's `limits.sendTimeout`. */
  readonly sendTimeoutMs: number
}

export class EventStreamWire implements Wire, HeartbeatTarget {
  readonly encoding: Encoding
  readonly isPaused = false
  readonly #parts: EventStreamWireParts
  readonly #response: ServerResponse
  /** The room ended it. */
  isClosed = false
  /** What to do where its reader takes nothing any more. */
  onStalled: () => void = () => {}
  #at: string
  #isFirst = true
  #isOver = false
  #beats = 0
  readonly #stalls = new Stalls()

  constructor(parts: EventStreamWireParts) {
    this.#parts = parts
    this.encoding = parts.encoding
    this.#response = parts.response
    this.#at = parts.at
  }

  /** Sends the head, which a proxy must pass on at once. */
  open(headers: Record<string, string>): void {
    const response = this.#response
    // Written to after it was reset, a response says so here.
    response.on('error', () => {})
    response.writeHead(200, {
      ...headers,
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    })
    response.write(`retry: ${Math.round(RETRY_MS * (1 + this.#parts.random.fraction()))}\n\n`)
  }

  /** Says that the log does not go on from where the reader was, and where the stream begins instead. */
  reset(frame: Frame): void {
    this.#write(`event: data\ndata:${listOf([frame])}\nid: ${this.#at}\n\n${this.#control()}`)
  }

  /** Says where the stream begins, where no event does. */
  begin(): void {
    if (this.#isFirst) this.#write(this.#control())
  }

  get waiting(): number {
    return this.#response.writableLength
  }

  send(bytes: Bytes, frames: readonly Frame[]): void {
    if (bytes.length === 0 || !this.#isWritable) return
    this.#at = offsetAfter(frames, this.#parts.readers) ?? this.#at
    this.#response.cork()
    this.#response.write(bytes, 'latin1')
    this.#response.write(this.#control())
    this.#response.uncork()
  }

  /** What its peer says comes in requests, each with its answer. */
  rest(): void {}

  drained(below: number): Promise<void> | undefined {
    return drained(this.#response, below)
  }

  drop(): void {
    this.#response.destroy()
  }

  /** Says why in an event of its own, which only our client listens for, and when to come back in a field for all. */
  close({ code, reason, retryMs }: CloseReason): void {
    if (!this.#isWritable) return
    this.isClosed = true
    this.#parts.closed(code)
    const retry = retryMs === undefined ? '' : `retry: ${retryMs}\n`
    this.#write(`${retry}event: close\ndata:${JSON.stringify({ code, reason })}\n\n`)
    this.#end()
  }

  /** The network tells of a reader that is gone; no sign can be asked for. */
  get isAlive(): boolean {
    return true
  }

  set isAlive(_: boolean) {}

  get readyState(): number {
    return this.#isWritable ? 1 : CLOSED
  }

  sendPing(): void {
    this.#beats += 1
    this.#write(COMMENT)
    if (this.#parts.token === undefined && this.#beats >= BEATS) this.#end()
  }

  /** A reader that is gone without a word takes nothing: comments and events wait for it, and that is seen here. */
  checkStalls(nowMs: number): void {
    const { socket } = this.#response
    if (!socket || !this.#isWritable) return
    if (this.#stalls.isStalled(socket, nowMs, this.#parts.sendTimeoutMs)) this.onStalled()
  }

  timeOut(): void {
    this.#response.destroy()
  }

  get #isWritable(): boolean {
    return !this.#isOver && !this.#response.destroyed
  }

  #control(): string {
    const { readers, cursor, token } = this.#parts
    const first = this.#isFirst ? { id: `id: ${this.#at}\n`, token } : { id: '', token: undefined }
    this.#isFirst = false
    const data = {
      streamNextOffset: this.#at,
      streamCursor: cursor(),
      ...(this.#at === readers.offset() && { upToDate: true }),
      ...(first.token !== undefined && { peer: first.token }),
    }
    return `${first.id}event: control\ndata:${JSON.stringify(data)}\n\n`
  }

  #write(text: string): void {
    if (this.#isWritable) this.#response.write(text)
  }

  #end(): void {
    this.#isOver = true
    const response = this.#response
    response.end()
    // Who does not read must not hold the socket.
    const cancel = this.#parts.clock.after(LINGER_MS, () => response.destroy())
    response.once('close', cancel)
  }
}
