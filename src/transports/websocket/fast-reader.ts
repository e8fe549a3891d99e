/**
 * Reads whole short messages, the most frequent case, directly from the received bytes (RFC 6455, 5.2) at a fraction of the
 * cost of `ws`. All else is passed on to `ws`: fragments, pings, closes, long, split or malformed frames. No byte is read
 * twice or out of order: the two switch only between frames, and only after `ws` has reported the last frame it was given.
 * `room-socket.ts` receives the messages.
 */
import { isUtf8 } from 'node:buffer'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { type DataListener, dataListenerOf } from './ws-internals.ts'

/** Receives the messages. */
export interface MessageReceiver {
  readonly readyState: number
  receive(message: string | Buffer): void
}

const FINAL = 0x80
const FINAL_TEXT = 0x81
const FINAL_BINARY = 0x82
/** From this opcode on, frames are control frames: ping, pong, close. */
const CONTROL = 8
const MASKED = 0x80
const MASK_BYTES = 4
/** The longest frame header, without the mask. */
const MOST_HEAD_BYTES = 10
/** For longer messages `ws` costs no more. */
const MOST_BYTES = 65_535

/** How a socket finds its reader: one shared listener saves a closure per peer. */
const READER = Symbol('reader')
type ReadSocket = Duplex & { readonly [READER]: FastReader }

export class FastReader {
  readonly #receiver: MessageReceiver
  readonly #socket: Duplex
  readonly #mostBytes: number
  /** The listener by which `ws` reads. */
  readonly #pass: DataListener
  /** The bytes still to come of the frame that `ws` is reading. */
  #missing = 0
  /** `ws` has not reported the last frame it was given; it never reports a malformed one. */
  #isAwaited = false
  /** A fragmented message was begun, which `ws` assembles. */
  #isInMessage = false
  /** The part of a frame header that `ws` was given, until the rest comes. */
  #head: Buffer | undefined
  #hasEnded = false

  /** Takes over a socket that `ws` has just begun to read; nothing on it may be compressed. */
  constructor(receiver: MessageReceiver, socket: Duplex, payloadBytes: number) {
    this.#receiver = receiver
    this.#socket = socket
    this.#mostBytes = Math.min(payloadBytes, MOST_BYTES)
    this.#pass = dataListenerOf(socket)
    Object.assign(socket, { [READER]: this }).on('data', onData)
    socket.off('data', this.#pass)
  }

  /** `ws` has reported a message, a ping or a pong, so this reader may continue. */
  resume(): void {
    this.#isAwaited = false
  }

  /** `ws` has closed, and reads nothing more. */
  end(): void {
    this.#hasEnded = true
  }

  read(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#receiver.readyState !== WebSocket.OPEN) {
        // After our close frame, `ws` waits for the peer's.
        if (!this.#hasEnded) this.#pass.call(this.#socket, chunk.subarray(at))
        return
      }
      const isOurs = this.#missing === 0 && !this.#isAwaited && !this.#isInMessage
      const next = isOurs ? this.#message(chunk, at) : at
      at = next > at ? next : this.#other(chunk, at)
    }
  }

  /** Reads a whole, short, valid message. Returns where the next frame begins; `at` if there is no such message. */
  #message(chunk: Buffer, at: number): number {
    const first = chunk[at] as number
    const second = chunk[at + 1] ?? 0
    if ((first !== FINAL_TEXT && first !== FINAL_BINARY) || second < MASKED) return at
    const begin = at + sizeBytes(second) + MASK_BYTES
    if (begin > chunk.length) return at
    const length = payloadLength(chunk, at)
    const end = begin + length
    if (length > this.#mostBytes || end > chunk.length) return at
    const bits = unmask(chunk, begin, end)
    if (first === FINAL_BINARY) this.#receiver.receive(chunk.subarray(begin, end))
    else if (bits < 128) this.#receiver.receive(chunk.toString('latin1', begin, end))
    else if (isUtf8(chunk.subarray(begin, end))) this.#receiver.receive(chunk.toString('utf8', begin, end))
    else {
      // `ws` reports the error.
      unmask(chunk, begin, end)
      return at
    }
    return end
  }

  /** Passes a frame, or the available part of it, to `ws`. Returns where the next frame begins. */
  #other(chunk: Buffer, at: number): number {
    if (this.#missing === 0) this.#begin(chunk, at)
    const end = this.#head ? chunk.length : Math.min(chunk.length, at + this.#missing)
    if (!this.#head) this.#missing -= end - at
    this.#isAwaited = true
    const part = chunk.subarray(at, end)
    // `ws` may hold an unfinished frame for long; a copy does not keep the whole chunk in memory.
    const isBegun = at > 0 && (this.#head !== undefined || this.#missing > 0)
    this.#pass.call(this.#socket, isBegun ? copyOf(part) : part)
    return end
  }

  /** Reads from a frame's header how many bytes are to come. */
  #begin(chunk: Buffer, at: number): void {
    const before = this.#head
    const came = chunk.subarray(at, at + MOST_HEAD_BYTES)
    const head = before ? Buffer.concat([before, came]) : came
    const bytes = sizeBytes(head[1])
    this.#head = head.length < bytes ? copyOf(head) : undefined
    if (this.#head) return
    this.#missing = bytes + MASK_BYTES + payloadLength(head, 0) - (before?.length ?? 0)
    const first = head[0] as number
    if ((first & 15) < CONTROL) this.#isInMessage = first < FINAL
  }
}

/** A copy outside the shared buffer pool. */
function copyOf(bytes: Uint8Array): Buffer {
  return Buffer.from(new Uint8Array(bytes).buffer)
}

function onData(this: ReadSocket, chunk: Buffer): void {
  this[READER].read(chunk)
}

/** The size of a frame's header up to its mask, by its second byte. */
function sizeBytes(second = 0): number {
  const length = second & 127
  return length < 126 ? 2 : length === 126 ? 4 : 10
}

function payloadLength(bytes: Buffer, at: number): number {
  const length = (bytes[at + 1] as number) & 127
  if (length < 126) return length
  return length === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
}

/** Applies the mask before a payload, in place; a second call restores it. Returns all bits or-ed: below 128 it is ASCII. */
function unmask(bytes: Buffer, begin: number, end: number): number {
  const a = bytes[begin - 4] as number
  const b = bytes[begin - 3] as number
  const c = bytes[begin - 2] as number
  const d = bytes[begin - 1] as number
  let bits = 0
  let at = begin
  for (; at + 3 < end; at += 4) {
    bits |= bytes[at] = (bytes[at] as number) ^ a
    bits |= bytes[at + 1] = (bytes[at + 1] as number) ^ b
    bits |= bytes[at + 2] = (bytes[at + 2] as number) ^ c
    bits |= bytes[at + 3] = (bytes[at + 3] as number) ^ d
  }
  if (at < end) bits |= bytes[at] = (bytes[at] as number) ^ a
  if (at + 1 < end) bits |= bytes[at + 1] = (bytes[at + 1] as number) ^ b
  if (at + 2 < end) bits |= bytes[at + 2] = (bytes[at + 2] as number) ^ c
  return bits
}
