/**
 * A frame: what travels from the log or a handler to the peers, and how it becomes bytes: once for each encoding, however
 * many peers there are. `protocol.ts` and the logs make frames, `audience.ts` carries them, transports encode them.
 */
import { fitting } from './page.ts'

/**
 * Bytes, or text that stands for them, a character a byte (latin1): short text costs a socket less to write, and every
 * peer of a room is written to.
 */
export type Bytes = Buffer | string

/** Longer text costs more than bytes: Node copies it aside for each write. */
export const MAX_TEXT_LENGTH = 16_384

/** One way to put a frame into bytes. Within a room, encodings of one name make the same bytes. */
export interface Encoding {
  readonly name: string
  encode(frame: Frame): Bytes
  /** Many frames as one, where that is more than their bytes one after the other. */
  join?(frames: readonly Frame[]): Bytes
}

export function bufferOf(bytes: Bytes): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
}

/** What an answer to a message says beside its type and data. */
export interface Answer {
  /** The client's id for its message. */
  readonly id: string
  /** The first event the message made. */
  readonly seq?: number | undefined
  /** How well it is kept. */
  readonly kept?: string
  /** The message had come before. */
  readonly duplicate?: boolean
}

/** Characters of an event's text beside its type and data, about. */
const HEAD_LENGTH = 56

export class Frame {
  /** What kind of event; `undefined`: a message of a raw room, which is its data alone. */
  readonly type: string | undefined
  /** JSON text (none: ''); in a raw room the text or the bytes. */
  readonly data: string | Uint8Array
  /** Its place in the log; 0 for what is not kept. */
  readonly seq: number
  /** When it was appended, ms since 1970; 0 for what is not kept. */
  readonly time: number
  readonly answer: Answer | undefined
  #encoding: string | undefined
  #bytes: Bytes | undefined
  #others: Map<string, Bytes> | undefined
  #users = 0

  constructor(type: string | undefined, data: string | Uint8Array, seq = 0, time = 0, answer?: Answer) {
    this.type = type
    this.data = data
    this.seq = seq
    this.time = time
    this.answer = answer
  }

  /** Characters of it, or bytes in a raw room; an event's head is counted by its usual length. */
  get length(): number {
    return this.data.length + this.#headLength
  }

  /** The same in bytes. */
  get size(): number {
    const { data } = this
    return (typeof data === 'string' ? Buffer.byteLength(data) : data.length) + this.#headLength
  }

  get #headLength(): number {
    return this.type === undefined ? 0 : this.type.length + HEAD_LENGTH
  }

  /** The frame in one encoding, made once. Most rooms speak one: that one needs no map. */
  bytes(encoding: Encoding): Bytes {
    const { name } = encoding
    if (this.#encoding === name && this.#bytes !== undefined) return this.#bytes
    const known = this.#others?.get(name)
    if (known !== undefined) return known
    const bytes = encoding.encode(this)
    if (this.#encoding === undefined) {
      this.#encoding = name
      this.#bytes = bytes
    } else {
      this.#others ??= new Map()
      this.#others.set(name, bytes)
    }
    return bytes
  }

  /** A row of peers will need its bytes. */
  retain(): void {
    this.#users += 1
  }

  /** A row of peers has what it needs. With the last one its bytes are forgotten: the frame may live on in the log. */
  release(): void {
    this.#users -= 1
    if (this.#users > 0) return
    this.#encoding = this.#bytes = this.#others = undefined
  }
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

/** Frames and what they are in one encoding. */
export interface Piece {
  readonly bytes: Bytes
  readonly frames: readonly Frame[]
}

/** The share of what may wait for a peer that is written to it at once: text may have three bytes a character. */
const PIECE = 0.25

/** The bytes of many frames in pieces, so that what may wait (`limitBytes`) is not reached with one of them. */
export function pieces(frames: readonly Frame[], encoding: Encoding, limitBytes: number): Piece[] {
  if (frames.length === 0) return []
  const most = limitBytes * PIECE
  let length = 0
  for (const frame of frames) length += frame.length
  if (length <= most || frames.length === 1) return [{ bytes: join(frames, encoding), frames }]
  const all: Piece[] = []
  for (let at = 0; at < frames.length; ) {
    const piece = fitting(frames.values().drop(at), (frame) => frame.length, most)
    all.push({ bytes: join(piece, encoding), frames: piece })
    at += piece.length
  }
  return all
}
