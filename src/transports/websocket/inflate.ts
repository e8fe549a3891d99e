/**
 * Compressed messages of the peers of one mount, each inflated at once and in one go (RFC 7692, 7.2.2). `ws` does it in
 * other threads, which for small messages costs more than the work itself, lets messages wait in memory meanwhile, and
 * keeps some 50 KiB for each peer from its first message on. Here it is what the next message may refer to: of most
 * peers 4 KiB, of those whose offer says nothing of it 32 KiB. `websocket.ts` calls it; `deflate.ts` is the other direction.
 *
 * Many at once are worked off in slices of a few ms, with reading between, so that they hold up nobody else.
 */
import { constants, inflateRawSync } from 'node:zlib'
import type { WebSocket } from 'ws'
import type { Clock } from '../../clock.ts'
import { codeOf } from '../../thrown.ts'
import { type Done, deflateOf } from './ws-internals.ts'

/** Where a message may be larger it takes other threads after all, so that nobody waits for it. */
const MOST_BYTES = 256 * 1024
const SLICE_MS = 4
/** So much may wait, compressed; beyond it memory comes first. */
const WAITING_BYTES = 16 * 1024 * 1024
/** What the sender left out at the end of a message (RFC 7692, 7.2.1). */
const TAIL = Buffer.from([0, 0, 0xff, 0xff])

const NOTHING = Buffer.alloc(0)
const LEAST_BITS = 9
/** So many peers of a mount may keep the largest window, 64 MiB together; further ones talk uncompressed. */
const MOST_LARGEST = 2048

/** What a peer's messages refer back to. */
interface Context {
  readonly windowBits: number
  /** Whether it may refer to the messages before (RFC 7692, 7.1.1.2). */
  readonly isKept: boolean
  /** The end of what was inflated, at most as long as the window. */
  past: Buffer
}

interface Job {
  readonly bytes: Buffer
  readonly context: Context
  readonly done: Done
  /** `ws` inflates it. */
  readonly otherwise: () => void
}

export class Inflater {
  readonly #clock: Clock
  readonly #payloadBytes: number
  #waiting: Job[] = []
  #waitingBytes = 0
  /** When the slice of this turn is over; `undefined`: nothing was inflated in this turn. */
  #endMs: number | undefined
  #largest = 0

  /** `payloadBytes`: the largest message, inflated. */
  constructor(clock: Clock, payloadBytes: number) {
    this.#clock = clock
    this.#payloadBytes = payloadBytes
  }

  /** Whether one more peer may keep the largest window. */
  get hasRoom(): boolean {
    return this.#largest < MOST_LARGEST
  }

  /** A peer keeps the largest window until the returned function is called, once. */
  keepLargest(): () => void {
    this.#largest += 1
    return () => {
      this.#largest -= 1
    }
  }

  /** From now on a compressed message of this peer is inflated here, when its last fragment has come. */
  serve(ws: WebSocket): void {
    const extension = deflateOf(ws)
    if (!extension || this.#payloadBytes > MOST_BYTES) return
    const inThreads = extension.decompress.bind(extension)
    const { client_max_window_bits: bits, client_no_context_takeover: isFresh } = extension.params
    // Of the smallest window, zlib makes the next larger one.
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
    // ws must not hear of it while it still reads.
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
      // What is no compressed message at all ws finds out itself; a length that is too large it refuses.
      if (codeOf(error) !== 'ERR_BUFFER_TOO_LARGE') {
        otherwise()
        return
      }
      inflated = { length: this.#payloadBytes + 1 }
    }
    done(null, inflated)
  }
}

/** Keeps the end of what a peer has sent, if its next message may refer to it. */
function remember(context: Context, inflated: Buffer): void {
  if (!context.isKept) return
  const size = 2 ** context.windowBits
  // A copy: a part would hold the whole in memory.
  const before = Math.max(0, size - inflated.length)
  const past = before > 0 ? context.past.subarray(-before) : NOTHING
  context.past = Buffer.concat([past, inflated.subarray(-size)])
}
