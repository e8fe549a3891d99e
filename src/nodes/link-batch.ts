/**
 * The messages of one turn as one binary message of a link: the length of a head (4 bytes), the head as JSON, and behind it
 * frames and the data of peers, whose lengths the head names. `link-channel.ts` sends and reads batches.
 */
import type { Bytes } from '../delivery/frame.ts'
import { bytesOfText, LINK_ENCODING, readFrame } from './link-frame.ts'
import type { LinkMessage, RelayItem } from './link-message.ts'

/** `items` of a place, and `receive` of a session, which are most messages; any other is JSON as it is. */
type Entry = ItemsEntry | ReceiveEntry | Exclude<LinkMessage, { op: 'items' | 'receive' }>
type ItemsEntry = readonly [0, place: number, items: readonly ItemEntry[]]
type ReceiveEntry = readonly [1, place: number, session: number, ref: number | null, length: number, isText: 0 | 1]
/** The length of a frame for all, with the session that does not get it; for one; and who enters or leaves. */
type ItemEntry =
  | number
  | readonly [number, number]
  | { readonly s: number; readonly f: readonly number[] }
  | { readonly e: number }
  | { readonly l: number }

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

/** The messages of a batch. Throws for other bytes. */
export function readBatch(bytes: Buffer): LinkMessage[] {
  const headEnd = LENGTH_BYTES + bytes.readUInt32BE(0)
  if (headEnd > bytes.length) throw new Error('expected a whole batch, got a part of one')
  const entries: readonly Entry[] = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, headEnd))
  let at = headEnd
  const next = (length: number) => {
    const start = at
    at += length
    if (!(length >= 0 && at <= bytes.length)) throw new Error('expected a whole batch, got a part of one')
    return start
  }
  const frame = (length: number) => {
    const start = next(length)
    return readFrame(bytes, start, at)
  }
  const item = (entry: ItemEntry): RelayItem => {
    if (typeof entry === 'number') return { to: 'all', frame: frame(entry), except: undefined }
    if ('s' in entry) return { to: 'one', session: entry.s, frames: entry.f.map(frame) }
    if ('e' in entry) return { to: 'enter', session: entry.e }
    if ('l' in entry) return { to: 'leave', session: entry.l }
    const [length, except] = entry
    return { to: 'all', frame: frame(length), except }
  }
  return entries.map((entry): LinkMessage => {
    if ('op' in entry) return withNumbers(entry)
    mustBeNumber(entry[1])
    if (entry[0] === 0) return { op: 'items', place: entry[1], items: entry[2].map(item) }
    const [, place, session, ref, length, isText] = entry
    mustBeNumber(session)
    const start = next(length)
    const data = isText ? bytes.toString('utf8', start, at) : bytes.subarray(start, at)
    return { op: 'receive', place, session, data, ref: ref ?? undefined }
  })
}

/** What is counted with: of another node's mistake the sums of this one must not become no numbers. */
const NUMBERS = ['place', 'session', 'ask', 'term', 'seq', 'newcomerAfter', 'ms', 'bytes', 'redisAgeMs'] as const

function withNumbers<T extends object>(message: T): T {
  const named: Partial<Record<(typeof NUMBERS)[number], unknown>> = message
  for (const name of NUMBERS) if (name in message) mustBeNumber(named[name])
  return message
}

function mustBeNumber(value: unknown): void {
  if (!Number.isFinite(value)) throw new Error(`expected a number, got ${typeof value}`)
}
