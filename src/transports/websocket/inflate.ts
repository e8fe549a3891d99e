/**
 * Inflates the compressed messages of one mount's peers, each synchronously and at once (RFC 7692, 7.2.2). `ws` uses other
 * threads, which costs more than the work itself for small messages, and keeps some 50 KiB per peer. Here only the window
 * is kept: 4 KiB for most peers, 32 KiB if the offer does not allow a limit. `websocket.ts` calls it; `deflate.ts` is the
 * other direction.
 *
 * A burst is inflated in slices of a few ms with other I/O between, so that it delays nobody else.
 */
import { constants, inflateRawSync } from 'node:zlib'
import type { WebSocket } from 'ws'
import type { Clock } from '../../clock.ts'
import { codeOf } from '../../thrown.ts'
import { type Done, deflateOf } from './ws-internals.ts'

/** If messages may be larger than this, `ws` inflates them in other threads, so that nobody waits for them. */
const MOST_BYTES = 256 * 1024
const SLICE_MS = 4
/** The most compressed bytes that may wait; beyond it, messages are inflated at once to bound memory. */
const WAITING_BYTES = 16 * 1024 * 1024
/** The bytes that the sender left out at the end of a message (RFC 7692, 7.2.1). */
const TAIL = Buffer.from([0, 0, 0xff, 0xff])

const NOTHING = Buffer.alloc(0)
const LEAST_BITS = 9
/** So many peers of a mount may keep the largest window, 64 MiB together; further ones talk uncompressed. */
const MOST_LARGEST = 2048

/** A peer's inflate context. */
interface Context {
  readonly windowBits: number
  /** Whether messages may refer to those before (RFC 7692, 7.1.1.2). */
  readonly isKept: boolean
  /** The last inflated bytes, at most one window. */
  past: Buffer
}

interface Job {
  readonly bytes: Buffer
  readonly context: Context
  readonly done: Done
  /** Lets `ws` inflate it. */
  readonly otherwise: () => void
}

export class Inflater {
  readonly #clock: Clock
  readonly #payloadBytes: number
  #waiting: Job[] = []
  #waitingBytes = 0
  /** When the current slice ends; `undefined`: nothing was inflated in this turn of the event loop. */
  #endMs: number | undefined
  #largest = 0

  /** `payloadBytes`: the largest message, inflated. */
  constructor(clock: Clock, payloadBytes: number) {
    this.#clock = clock
    this.#payloadBytes = payloadBytes
  }

  /** Whether one more peer may use the largest window. */
  get hasRoom(): boolean {
    return this.#largest < MOST_LARGEST
  }

  /** Counts a peer with the largest window until the returned function is called, once. */
  keepLargest(): () => void {
    this.#largest += 1
    return () => {
      this.#largest -= 1
    }
  }

  /** Inflates this peer's compressed messages here from now on, each when its last fragment has come. */
  serve(ws: WebSocket): void {
    const extension = deflateOf(ws)
    if (!extension || this.#payloadBytes > MOST_BYTES) return
    const inThreads = extension.decompress.bind(extension)
    const { client_max_window_bits: bits, client_no_context_takeover: isFresh } = extension.params
    // zlib does not support the smallest window, so the next larger one is used.
    const windowBits = Math.max(LEAST_BITS, bits ?? constants.Z_DEFAULT_WINDOWBITS)
    const context = { windowBits, isKept: !isFresh, past: NOTHING }
    let fragments: Buffer[] = []
    extension.decompress = (fragment, isLast, done) => {
      fragments.push(fragment)
      if (!isLast) {
        process.nextTick(done, null, Buffer.alloc(0))
        return
      }
      const bytes = fragments.length === 1 ? fragment : Buffer.concat(fragments)
      fragments = []
      this.#take({ bytes, context, done, otherwise: () => inThreads(bytes, true, done) })
    }
  }

  #take(job: Job): void {
    const isOver = this.#endMs !== undefined && this.#clock.monotonic() >= this.#endMs
    if ((isOver || this.#waiting.length > 0) && this.#waitingBytes + job.bytes.length <= WAITING_BYTES) {
      this.#waiting.push(job)
      this.#waitingBytes += job.bytes.length
      return
    }
    if (this.#endMs === undefined) {
      this.#endMs = this.#clock.monotonic() + SLICE_MS
      this.#clock.soon(this.#slice)
    }
    // Not synchronously: `ws` is still reading.
    process.nextTick(() => this.#inflate(job))
  }

  #slice = (): void => {
    this.#endMs = this.#waiting.length > 0 ? this.#clock.monotonic() + SLICE_MS : undefined
    if (this.#endMs === undefined) return
    let count = 0
    for (const job of this.#waiting) {
      this.#inflate(job)
      this.#waitingBytes -= job.bytes.length
      count += 1
      if (this.#clock.monotonic() >= this.#endMs) break
    }
    this.#waiting = this.#waiting.slice(count)
    this.#clock.soon(this.#slice)
  }

  #inflate({ bytes, context, done, otherwise }: Job): void {
    const { windowBits, past } = context
    const options = {
      windowBits,
      maxOutputLength: this.#payloadBytes,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(past.length > 0 && { dictionary: past }),
    }
    let inflated: { readonly length: number }
    try {
      const whole = inflateRawSync(Buffer.concat([bytes, TAIL]), options)
      remember(context, whole)
      inflated = whole
    } catch (error) {
      // `ws` reports invalid data when it inflates itself, and refuses a message that is too long.
      if (codeOf(error) !== 'ERR_BUFFER_TOO_LARGE') {
        otherwise()
        return
      }
      inflated = { length: this.#payloadBytes + 1 }
    }
    done(null, inflated)
  }
}

/** Keeps the end of a peer's data, if its next message may refer to it. */
function remember(context: Context, inflated: Buffer): void {
  if (!context.isKept) return
  const size = 2 ** context.windowBits
  // A copy: a slice would keep the whole message in memory.
  const before = Math.max(0, size - inflated.length)
  const past = before > 0 ? context.past.subarray(-before) : NOTHING
  context.past = Buffer.concat([past, inflated.subarray(-size)])
}
