/**
 * The messages of one turn as one binary message of a link: the length of a head (4 bytes), the head as JSON, and behind it
 * frames and the data of peers, whose lengths the head names. `link-channel.ts` sends and reads batches.
 */
import type { Bytes, Frame } from '../delivery/frame.ts'
import { bytesOfText, LINK_ENCODING, readFrame } from './link-frame.ts'
import type { LinkMessage, RelayItem } from './link-message.ts'
import { MalformedError, mustBeCount, mustBeMessage } from './link-shapes.ts'

/*
 * The head is a list. `[0, place, items]` is `items` of a place, `[1, place, session, ref or null, length, 1 if text]` is
 * `receive` of a session: most messages are one of these. Any other is JSON as it is. An item is the length of a frame for
 * all, or `[length, session]` with the one that does not get it; `{ s: session, f: lengths }` of frames for one; `{ e }` or
 * `{ l }` with the session that enters or leaves.
 */
const LENGTH_BYTES = 4

/** Collects messages. What is added is encoded at once: it may change afterwards. */
export class Batch {
  readonly #entries: string[] = []
  readonly #payloads: Bytes[] = []
  #payloadBytes = 0
  #entryLength = 0

  /** Roughly. */
  get bytes(): number {
    return this.#payloadBytes + this.#entryLength
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0
  }

  add(message: LinkMessage): void {
    const entry = this.#entry(message)
    this.#entries.push(entry)
    this.#entryLength += entry.length
  }

  #entry(message: LinkMessage): string {
    if (message.op === 'items') {
      return `[0,${message.place},[${message.items.map((item) => this.#item(item)).join(',')}]]`
    }
    if (message.op !== 'receive') return JSON.stringify(message)
    const { place, session, data, ref = null } = message
    const isText = typeof data === 'string'
    return `[1,${place},${session},${ref},${this.#payload(isText ? bytesOfText(data) : Buffer.from(data))},${isText ? 1 : 0}]`
  }

  #item(item: RelayItem): string {
    switch (item.to) {
      case 'all': {
        const length = this.#payload(item.frame.bytes(LINK_ENCODING))
        return item.except === undefined ? String(length) : `[${length},${item.except}]`
      }
      case 'one':
        return `{"s":${item.session},"f":[${item.frames.map((frame) => this.#payload(frame.bytes(LINK_ENCODING))).join(',')}]}`
      case 'enter':
        return `{"e":${item.session}}`
      case 'leave':
        return `{"l":${item.session}}`
    }
  }

  #payload(bytes: Bytes): number {
    this.#payloads.push(bytes)
    this.#payloadBytes += bytes.length
    return bytes.length
  }

  /** All that was added, as one message. */
  toBuffer(): Buffer {
    const head = `[${this.#entries.join(',')}]`
    const headBytes = Buffer.byteLength(head)
    const buffer = Buffer.allocUnsafe(LENGTH_BYTES + headBytes + this.#payloadBytes)
    buffer.writeUInt32BE(headBytes)
    let at = LENGTH_BYTES + buffer.write(head, LENGTH_BYTES)
    for (const payload of joined(this.#payloads)) {
      at += typeof payload === 'string' ? buffer.write(payload, at, 'latin1') : payload.copy(buffer, at)
    }
    return buffer
  }
}

/** Short texts as one: a call to write costs more than their bytes. */
function joined(payloads: readonly Bytes[]): readonly Bytes[] {
  if (payloads.length > 1 && payloads.every((payload) => typeof payload === 'string')) return [payloads.join('')]
  return payloads
}

/** The messages of a batch. Throws for other bytes, and for messages that are not as `link-message.ts` says. */
export function readBatch(bytes: Buffer): LinkMessage[] {
  const headEnd = bytes.length < LENGTH_BYTES ? Number.POSITIVE_INFINITY : LENGTH_BYTES + bytes.readUInt32BE(0)
  if (headEnd > bytes.length) throw new MalformedError('expected a whole batch, got a part of one')
  const entries: unknown = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, headEnd))
  if (!Array.isArray(entries)) throw new MalformedError('expected a list of messages')
  const payloads = new Payloads(bytes, headEnd)
  return entries.map((entry: unknown) => messageOf(entry, payloads))
}

/** What stands behind the head, one after the other. */
class Payloads {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  frame(length: unknown): Frame {
    const start = this.#next(length)
    return readFrame(this.#bytes, start, this.#at)
  }

  data(length: unknown, isText: unknown): string | Uint8Array {
    const start = this.#next(length)
    return isText === 1 ? this.#bytes.toString('utf8', start, this.#at) : this.#bytes.subarray(start, this.#at)
  }

  /** Where the next begins; `#at` is then its end. */
  #next(length: unknown): number {
    mustBeCount(length)
    const start = this.#at
    this.#at += length
    if (this.#at > this.#bytes.length) throw new MalformedError('expected a whole batch, got a part of one')
    return start
  }
}

function messageOf(entry: unknown, payloads: Payloads): LinkMessage {
  if (!Array.isArray(entry)) {
    mustBeMessage(entry)
    return entry
  }
  const [kind, place, ...rest]: readonly unknown[] = entry
  mustBeCount(place)
  if (kind === 0) {
    const [items] = rest
    if (!Array.isArray(items)) throw new MalformedError('expected a list of items')
    return { op: 'items', place, items: items.map((item: unknown) => itemOf(item, payloads)) }
  }
  if (kind !== 1) throw new MalformedError('expected a message')
  const [session, ref, length, isText] = rest
  mustBeCount(session)
  if (ref !== null && typeof ref !== 'number') throw new MalformedError('expected the number of a message')
  return { op: 'receive', place, session, data: payloads.data(length, isText), ref: ref ?? undefined }
}

function itemOf(entry: unknown, payloads: Payloads): RelayItem {
  if (typeof entry === 'number') return { to: 'all', frame: payloads.frame(entry), except: undefined }
  if (Array.isArray(entry)) {
    const [length, except]: readonly unknown[] = entry
    mustBeCount(except)
    return { to: 'all', frame: payloads.frame(length), except }
  }
  const { s, f, e, l }: { readonly [name in 's' | 'f' | 'e' | 'l']?: unknown } = entry ?? {}
  const session = s ?? e ?? l
  mustBeCount(session)
  if (e !== undefined) return { to: 'enter', session }
  if (l !== undefined) return { to: 'leave', session }
  if (!Array.isArray(f)) throw new MalformedError('expected a list of frames')
  return { to: 'one', session, frames: f.map((length: unknown) => payloads.frame(length)) }
}
