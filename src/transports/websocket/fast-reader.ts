/**
 * Reads what most peers send, whole short messages, from the bytes as they come (RFC 6455, 5.2), which costs the
 * reader of `ws` several times as much. That one gets all else, as it came: fragments, pings, closes, what is long, cut by the
 * network, or broken. No byte is read twice or out of its turn: the two change places only between frames, and not before
 * `ws` has told what it read. `room-socket.ts` is its receiver.
 */
import { isUtf8 } from 'node:buffer'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { type DataListener, dataListenerOf } from './ws-internals.ts'

/** Who hears what was read. */
export interface MessageReceiver {
  readonly readyState: number
  receive(message: string | Buffer): void
}

const FINAL = 0x80
const FINAL_TEXT = 0x81
const FINAL_BINARY = 0x82
/** From this opcode on a frame is a ping, a pong or a close, and none of a message. */
const CONTROL = 8
const MASKED = 0x80
const MASK_BYTES = 4
/** Of a frame's head without its mask. */
const MOST_HEAD_BYTES = 10
/** Longer messages are dear whoever reads them. */
const MOST_BYTES = 65_535

/** How a socket finds its reader: one listener serves all, where a closure each would cost every idle peer. */
const READER = Symbol('reader')
type ReadSocket = Duplex & { readonly [READER]: FastReader }

export class FastReader {
  readonly #receiver: MessageReceiver
  readonly #socket: Duplex
  readonly #mostBytes: number
  /** The listener by which `ws` reads. */
  readonly #pass: DataListener
  /** So many bytes of a frame that `ws` has begun to read are still to come. */
  #missing = 0
  /** `ws` has not told yet of what it was given last; of a broken frame it never will. */
  #isAwaited = false
  /** A message in fragments was begun, which `ws` puts together. */
  #isInMessage = false
  /** What `ws` was given of a frame's head, until the rest of the head comes. */
  #head: Buffer | undefined
  #hasEnded = false

  /** Takes the place of `ws` on a socket that it has just begun to read, and that carries nothing compressed. */
  constructor(receiver: MessageReceiver, socket: Duplex, payloadBytes: number) {
    this.#receiver = receiver
    this.#socket = socket
    this.#mostBytes = Math.min(payloadBytes, MOST_BYTES)
    this.#pass = dataListenerOf(socket)
    Object.assign(socket, { [READER]: this }).on('data', onData)
    socket.off('data', this.#pass)
  }

  /** `ws` has told of a message, a ping or a pong: what it was given was good. */
  resume(): void {
    this.#isAwaited = false
  }

  /** `ws` has closed, and reads no more. */
  end(): void {
    this.#hasEnded = true
  }

  read(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#receiver.readyState !== WebSocket.OPEN) {
        // After a close frame of ours `ws` waits for the peer's.
        if (!this.#hasEnded) this.#pass.call(this.#socket, chunk.subarray(at))
        return
      }
      const isOurs = this.#missing === 0 && !this.#isAwaited && !this.#isInMessage
      const next = isOurs ? this.#message(chunk, at) : at
      at = next > at ? next : this.#other(chunk, at)
    }
  }

  /** Where the next frame begins, after a message that was whole, short and good, and was heard; `at` where it is none. */
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
      // `ws` says what is wrong with it.
      unmask(chunk, begin, end)
      return at
    }
    return end
  }

  /** Gives `ws` a frame, or what there is of it. Returns where the next begins. */
  #other(chunk: Buffer, at: number): number {
    if (this.#missing === 0) this.#begin(chunk, at)
    const end = this.#head ? chunk.length : Math.min(chunk.length, at + this.#missing)
    if (!this.#head) this.#missing -= end - at
    this.#isAwaited = true
    const part = chunk.subarray(at, end)
    // What is not whole may lie about for long, and must not keep the messages before it in memory.
    const isBegun = at > 0 && (this.#head !== undefined || this.#missing > 0)
    this.#pass.call(this.#socket, isBegun ? copyOf(part) : part)
    return end
  }

  /** Learns from a frame's head how much of it is to come. */
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

/** The same bytes in memory of their own. */
function copyOf(bytes: Uint8Array): Buffer {
  return Buffer.from(new Uint8Array(bytes).buffer)
}

function onData(this: ReadSocket, chunk: Buffer): void {
  this[READER].read(chunk)
}

/** How many bytes of a frame's head there are up to its mask, by the second. */
function sizeBytes(second = 0): number {
  const length = second & 127
  return length < 126 ? 2 : length === 126 ? 4 : 10
}

function payloadLength(bytes: Buffer, at: number): number {
  const length = (bytes[at + 1] as number) & 127
  if (length < 126) return length
  return length === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
}

/** Takes the mask off that stands before a payload, in place; twice puts it on again. Returns all bits there are: < 128 is ASCII. */
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
