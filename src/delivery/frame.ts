/**
 * A frame: one event or answer on its way to the peers. It is encoded once for each encoding, however many peers there
 * are. `protocol.ts` and the logs make frames, `audience.ts` delivers them, transports define the encodings.
 */
import { fitting } from './page.ts'

/** Bytes, or the same as latin1 text, one character for each byte: a socket writes short text faster than a buffer. */
export type Bytes = Buffer | string

/** Longer text is slower than bytes: Node copies it for each write. */
export const MAX_TEXT_LENGTH = 16_384

/** A way to encode a frame. Within a room, encodings of the same name make the same bytes. */
export interface Encoding {
  readonly name: string
  encode(frame: Frame): Bytes
  /** Many frames as one; needed only if that is not their bytes one after the other. */
  join?(frames: readonly Frame[]): Bytes
}

export function bufferOf(bytes: Bytes): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
}

/** The fields of an answer to a message beside its type and data. */
export interface Answer {
  /** The client's id of its message. */
  readonly id: string | undefined
  /** The transport's own number of the message, for a transport whose messages ask for an answer without an id. */
  readonly ref?: number | undefined
  /** The first event that the message published. */
  readonly seq?: number | undefined
  /** How durable it is. */
  readonly kept?: string
  /** The message was handled before. */
  readonly duplicate?: boolean
}

/** Characters of an event's text beside its type and data, roughly. */
const HEAD_LENGTH = 56

export class Frame {
  /** The type of the event; `undefined`: a message of a raw room, which is its data alone. */
  readonly type: string | undefined
  /** JSON text, or '' for no data; in a raw room the text or the bytes. */
  readonly data: string | Uint8Array
  /** Its seq in the log; 0 if it is not kept. */
  readonly seq: number
  /** When it was appended, ms since 1970; 0 if it is not kept. */
  readonly time: number
  readonly answer: Answer | undefined
  /** The seq of the kept event that it comes after, set when it is delivered, for a frame that is not kept. */
  after = 0
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

  /** Characters, or bytes in a raw room; an event's other fields are counted by their usual length. */
  get length(): number {
    return this.data.length + this.#headLength
  }

  /** The length in bytes. */
  get size(): number {
    const { data } = this
    return (typeof data === 'string' ? Buffer.byteLength(data) : data.length) + this.#headLength
  }

  get #headLength(): number {
    return this.type === undefined ? 0 : this.type.length + HEAD_LENGTH
  }

  /** The encoded frame, made once. Most rooms use one encoding, which needs no map. */
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

  /** A shard will need its bytes. */
  retain(): void {
    this.#users += 1
  }

  /** A shard is done with it. After the last one the bytes are dropped: the frame may stay in the log. */
  release(): void {
    this.#users -= 1
    if (this.#users > 0) return
    this.#encoding = this.#bytes = this.#others = undefined
  }
}

/** JSON text of event data; `undefined` becomes `null`. */
export function json(data: unknown): string {
  return JSON.stringify(data) ?? 'null'
}

/** Many frames in one encoding, joined. */
export function join(frames: readonly Frame[], encoding: Encoding): Bytes {
  const first = frames[0]
  if (frames.length === 1 && first) return first.bytes(encoding)
  if (encoding.join) return encoding.join(frames)
  const parts = frames.map((frame) => frame.bytes(encoding))
  if (!parts.every((part) => typeof part === 'string')) return Buffer.concat(parts.map(bufferOf))
  const text = parts.join('')
  return text.length > MAX_TEXT_LENGTH ? bufferOf(text) : text
}

/** Some frames and their bytes in one encoding. */
export interface Piece {
  readonly bytes: Bytes
  readonly frames: readonly Frame[]
}

/** The share of `limitBytes` that is written at once: a character may be three bytes. */
const PIECE = 0.25

/** The bytes of many frames in pieces, each well below `limitBytes`, the most that may wait for a peer. */
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
