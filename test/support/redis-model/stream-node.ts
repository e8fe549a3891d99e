/**
 * A node of a stream: a listpack of at most 100 entries and some 4,096 bytes, counted as Redis counts them, so that nodes
 * begin and end where they do there.
 */
import type { Owner } from './values.ts'

/** `<ms>-<seq>`; the model has numbers up to 2^53. */
export interface Id {
  readonly ms: number
  readonly seq: number
}

export interface StreamItem {
  readonly id: Id
  /** Fields and values by turns. */
  readonly fields: readonly string[]
  readonly isDeleted: boolean
}

const MOST_BYTES = 4096
const MOST_ENTRIES = 100
/** The head of a listpack, and its end. */
const FRAME_BYTES = 7

export class StreamNode {
  readonly owner: Owner
  /** The id of its first entry; others are kept as differences. */
  readonly master: Id
  readonly names: readonly string[]
  readonly items: StreamItem[] = []
  live = 0
  deleted = 0
  /** Without the two counts. */
  #bytes: number

  constructor(owner: Owner, master: Id, names: readonly string[]) {
    this.owner = owner
    this.master = master
    this.names = names
    this.#bytes = FRAME_BYTES + integerBytes(names.length) + integerBytes(0)
    for (const name of names) this.#bytes += textBytes(name)
  }

  get bytes(): number {
    return this.#bytes + integerBytes(this.live) + integerBytes(this.deleted)
  }

  /** Deleted or not. */
  get lastId(): Id {
    return this.items.at(-1)?.id ?? this.master
  }

  hasRoom(fields: readonly string[]): boolean {
    let more = 0
    for (const text of fields) more += text.length
    return this.bytes + more < MOST_BYTES && this.live + this.deleted < MOST_ENTRIES
  }

  add(id: Id, fields: readonly string[]): void {
    const count = fields.length / 2
    let isSame = count === this.names.length
    for (let at = 0; isSame && at < count; at += 1) isSame = this.names[at] === fields[at * 2]
    let bytes =
      integerBytes(isSame ? 2 : 0) + integerBytes(id.ms - this.master.ms) + integerBytes(id.seq - this.master.seq)
    bytes += isSame ? integerBytes(count + 3) : integerBytes(count) + integerBytes(2 * count + 4)
    for (let at = isSame ? 1 : 0; at < fields.length; at += isSame ? 2 : 1) bytes += textBytes(fields[at] ?? '')
    this.#bytes += bytes
    this.items.push({ id, fields, isDeleted: false })
    this.live += 1
  }

  delete(index: number): void {
    const item = this.items[index]
    if (!item) return
    this.items[index] = { ...item, isDeleted: true }
    this.live -= 1
    this.deleted += 1
  }

  copy(owner: Owner): StreamNode {
    const made = new StreamNode(owner, this.master, this.names)
    for (const item of this.items) made.items.push(item)
    made.live = this.live
    made.deleted = this.deleted
    made.#bytes = this.#bytes
    return made
  }
}

export function isBefore(a: Id, b: Id): boolean {
  return a.ms < b.ms || (a.ms === b.ms && a.seq < b.seq)
}

export function isSame(a: Id, b: Id): boolean {
  return a.ms === b.ms && a.seq === b.seq
}

function textBytes(text: string): number {
  if (text.length < 20 && /^(0|-?[1-9]\d*)$/.test(text)) return integerBytes(Number(text))
  const head = text.length < 64 ? 1 : text.length < 4096 ? 2 : 5
  return withBack(head + text.length)
}

function integerBytes(number: number): number {
  if (number >= 0 && number <= 127) return withBack(1)
  if (number >= -4096 && number <= 4095) return withBack(2)
  if (number >= -(2 ** 15) && number < 2 ** 15) return withBack(3)
  if (number >= -(2 ** 23) && number < 2 ** 23) return withBack(4)
  return withBack(number >= -(2 ** 31) && number < 2 ** 31 ? 5 : 9)
}

/** An entry of a listpack ends with its own length. */
function withBack(length: number): number {
  if (length <= 127) return length + 1
  if (length < 16383) return length + 2
  return length + (length < 2097151 ? 3 : length < 268435455 ? 4 : 5)
}
