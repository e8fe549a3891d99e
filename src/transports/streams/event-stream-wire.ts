/**
 * A wire of Server-Sent Events (WHATWG HTML, 9.2) in the format of the Durable Streams protocol (5.8): `data` with a JSON
 * array of events, then `control` with the reader's offset. `live.ts` opens one per request; rooms write to it as to any
 * wire.
 *
 * No event can inject a field: JSON text has no line break (U+2028 is none in SSE), and ids are hex digits and "_".
 */
import type { OutgoingHttpHeader, ServerResponse } from 'node:http'
import type { Clock } from '../../clock.ts'
import type { Bytes, Encoding, Frame } from '../../delivery/frame.ts'
import { listOf } from '../../delivery/payload.ts'
import type { Wire } from '../../delivery/wire.ts'
import type { CloseReason } from '../../errors.ts'
import type { Random } from '../../random.ts'
import type { Offsets } from '../../room/open-room.ts'
import { drained } from '../drained.ts'
import type { HeartbeatTarget } from '../heartbeat.ts'
import { Stalls } from '../stalls.ts'

/** The interval of comments, which detect lost clients and keep proxies from timing out. */
export const BEAT_MS = 15_000
/** A plain read ends after this many beats, so that caches can share its answer (protocol, 10.2). */
const BEATS = 4
/** How long a client may take to read the last bytes. */
const LINGER_MS = 5000
/** An EventSource reconnects after this plus up to as much again, at random. */
const RETRY_MS = 1000
const COMMENT = ':\n\n'
const NOTHING = Buffer.alloc(0)
const CLOSED = 3

/** `members`: all frames of a room. `log`: only kept events and resets, for plain readers. */
export function streamEncoding(audience: 'members' | 'log', room: Offsets): Encoding {
  const isHeard = audience === 'members' ? () => true : isOfLog
  const join = (all: readonly Frame[]): Buffer => {
    const frames = all.filter(isHeard)
    if (frames.length === 0) return NOTHING
    const at = offsetAfter(frames, room)
    const id = at === undefined ? '' : `id: ${at}\n`
    return Buffer.from(`event: data\ndata:${listOf(frames)}\n${id}\n`)
  }
  return { name: `sse-${audience}`, encode: (frame) => join([frame]), join }
}

/** The offset to resume from after these frames; `undefined`: it does not change. */
function offsetAfter(frames: readonly Frame[], room: Offsets): string | undefined {
  const last = frames.findLast(({ seq }) => seq > 0)
  if (last) return room.offset(last.seq)
  // After a reset alone, a resume begins at the end of the log.
  return frames.some(isReset) ? room.offset() : undefined
}

function isOfLog(frame: Frame): boolean {
  return frame.seq > 0 || isReset(frame)
}

/** `reset` is reserved: no room sends an event of this type. */
function isReset({ type }: Frame): boolean {
  return type === 'reset'
}

export interface EventStreamWireParts {
  readonly clock: Clock
  readonly random: Random
  readonly response: ServerResponse
  readonly encoding: Encoding
  readonly room: Offsets
  /** The offset the stream begins at; `undefined`: after which event its first frame says. */
  readonly at: string | undefined
  readonly cursor: () => string
  /** A peer's token; without one the stream is a plain read, which ends after some beats. */
  readonly token: string | undefined
  /** Counts a connection that the server ends. */
  readonly closed: (code: number) => void
  /** The room's `limits.sendTimeout`. */
  readonly sendTimeoutMs: number
}

export class EventStreamWire implements Wire, HeartbeatTarget {
  readonly encoding: Encoding
  readonly isPaused = false
  readonly #parts: EventStreamWireParts
  readonly #response: ServerResponse
  /** Whether the room closed it. */
  isClosed = false
  /** Called when its reader has stalled. */
  onStalled: () => void = () => {}
  #at: string | undefined
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

  /** Sends the head with headers that disable proxy buffering. */
  open(headers: Readonly<Record<string, OutgoingHttpHeader | undefined>>): void {
    const response = this.#response
    // A write after a connection reset emits an error.
    response.on('error', () => {})
    response.writeHead(200, {
      ...headers,
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    })
    response.write(`retry: ${Math.round(RETRY_MS * (1 + this.#parts.random.fraction()))}\n\n`)
  }

  /** Sends a reset: the log does not continue from the reader's offset; the stream begins elsewhere. */
  reset(frame: Frame): void {
    this.#write(`event: data\ndata:${listOf([frame])}\nid: ${this.#at}\n\n${this.#control()}`)
  }

  /** Sends the begin of the stream, if no event has done so. */
  begin(): void {
    if (this.#isFirst) this.#write(this.#control())
  }

  get waiting(): number {
    return this.#response.writableLength
  }

  send(bytes: Bytes, frames: readonly Frame[]): void {
    if (bytes.length === 0 || !this.#isWritable) return
    const { room } = this.#parts
    this.#at = offsetAfter(frames, room) ?? this.#at ?? room.offset(frames[0]?.after)
    this.#response.cork()
    this.#response.write(bytes, 'latin1')
    this.#response.write(this.#control())
    this.#response.uncork()
  }

  /** Nothing to pause: the peer's messages come in requests of their own. */
  rest(): void {}

  drained(below: number): Promise<void> | undefined {
    return drained(this.#response, below)
  }

  drop(): void {
    this.#response.destroy()
  }

  /** Sends the reason as an event `close` for our client, and `retry` for every client. */
  close({ code, reason, retryMs }: CloseReason): void {
    if (!this.#isWritable) return
    this.isClosed = true
    this.#parts.closed(code)
    const retry = retryMs === undefined ? '' : `retry: ${retryMs}\n`
    this.#write(`${retry}event: close\ndata:${JSON.stringify({ code, reason })}\n\n`)
    this.#end()
  }

  /** Always: SSE has no pong, and a lost connection is found by writing to it. */
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

  /** A reader that is gone without a close does not read, so its pending bytes stall. */
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
    const { room, cursor, token } = this.#parts
    const first = this.#isFirst ? { id: `id: ${this.#at}\n`, token } : { id: '', token: undefined }
    this.#isFirst = false
    const data = {
      streamNextOffset: this.#at,
      streamCursor: cursor(),
      ...(this.#at === room.offset() && { upToDate: true }),
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
    // A client that does not read must not hold the socket.
    const cancel = this.#parts.clock.after(LINGER_MS, () => response.destroy())
    response.once('close', cancel)
  }
}
