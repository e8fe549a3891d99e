/**
 * A frame: what travels from the log or a handler to the peers. Its payload is made once, and its bytes once for each
 * encoding however many peers there are. `protocol.ts` and the logs make frames, `audience.ts` carries them.
 */
import { fitting } from './page.ts'

/**
 * Bytes, or text that stands for them, a character a byte (latin1): short text costs a socket less to write, and every
 * peer of a room is written to.
 */
export type Bytes = Buffer | string

/** Longer text costs more than bytes: Node copies it aside for each write. */
export const MAX_TEXT_LENGTH = 16_384

/** One way to put a frame into bytes. */
export interface Encoding {
  readonly name: string
  encode(frame: Frame): Bytes
  /** Many frames as one, where that is more than their bytes one after the other. */
  join?(frames: readonly Frame[]): Bytes
}

export function bufferOf(bytes: Bytes): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
}

export class Frame {
  /** What every peer sees: text (JSON in an event room) or, in a raw room, bytes. */
  readonly payload: string | Uint8Array
  /** Its place in the log; 0 for what is not kept. */
  readonly seq: number
  /** When it was appended, ms since 1970; 0 for what is not kept. */
  readonly time: number
  #encoding: Encoding | undefined
  #bytes: Bytes | undefined
  #others: Map<Encoding, Bytes> | undefined

  constructor(payload: string | Uint8Array, seq = 0, time = 0) {
    this.payload = payload
    this.seq = seq
    this.time = time
  }

  /** Bytes of its payload. */
  get size(): number {
    return typeof this.payload === 'string' ? Buffer.byteLength(this.payload) : this.payload.length
  }

  /** The frame in one encoding. Most rooms speak one: that one needs no map. */
  bytes(encoding: Encoding): Bytes {
    if (this.#encoding === encoding && this.#bytes) return this.#bytes
    const known = this.#others?.get(encoding)
    if (known) return known
    const bytes = encoding.encode(this)
    if (!this.#encoding) {
      this.#encoding = encoding
      this.#bytes = bytes
    } else {
      this.#others ??= new Map()
      this.#others.set(encoding, bytes)
    }
    return bytes
  }
}

/** A published event with its place in the log. `data` is JSON text, made once by whoever publishes. */
export function entry(type: string, seq: number, time: number, data: string): Frame {
  return new Frame(`{"type":${JSON.stringify(type)},"seq":${seq},"time":${time},"data":${data}}`, seq, time)
}

/** An event that is not kept. */
export function passing(type: string, data: string): Frame {
  return new Frame(`{"type":${JSON.stringify(type)},"data":${data}}`)
}

/** JSON text of event data; what JSON cannot say (`undefined`) is `null`. */
export function json(data: unknown): string {
  return JSON.stringify(data) ?? 'null'
}

/** The bytes of many frames in one encoding, joined. */
export function join(frames: readonly Frame[], encoding: Encoding): Bytes {
  const first = frames[0]
  if (frames.length === 1 && first) return first.bytes(encoding)
  if (encoding.join) return encoding.join(frames)
  const parts = frames.map((frame) => frame.bytes(encoding))
  if (!parts.every((part) => typeof part === 'string')) return Buffer.concat(parts.map(bufferOf))
  const text = parts.join('')
  return text.length > MAX_TEXT_LENGTH ? bufferOf(text) : text
}

/** The share of what may wait for a peer that is written to it at once: text may have three bytes a character. */
const PIECE = 0.25

/** The bytes of many frames in pieces, so that what may wait (`limitBytes`) is not reached with one of them. */
export function pieces(frames: readonly Frame[], encoding: Encoding, limitBytes: number): Bytes[] {
  if (frames.length === 0) return []
  const most = limitBytes * PIECE
  let length = 0
  for (const { payload } of frames) length += payload.length
  if (length <= most || frames.length === 1) return [join(frames, encoding)]
  const all: Bytes[] = []
  for (let at = 0; at < frames.length; ) {
    const piece = fitting(frames.values().drop(at), ({ payload }) => payload.length, most)
    all.push(join(piece, encoding))
    at += piece.length
  }
  return all
}
