/**
 * A stream. Its entries lie in nodes as in Redis (`stream-node.ts`), since `XTRIM ~` removes whole nodes only. An entry
 * deleted from the middle stays in its node as a tombstone.
 */
import { type Id, isBefore, isSame, type StreamItem, StreamNode } from './stream-node.ts'
import type { Owner } from './values.ts'

export class Stream {
  readonly type = 'stream'
  readonly owner: Owner
  readonly nodes: StreamNode[] = []
  length = 0
  last: Id = { ms: 0, seq: 0 }
  maxDeleted: Id = { ms: 0, seq: 0 }
  added = 0

  constructor(owner: Owner) {
    this.owner = owner
  }

  /** A stream stays when its last entry goes. */
  get isEmpty(): boolean {
    return false
  }

  add(id: Id, fields: readonly string[]): void {
    if (!this.nodes.at(-1)?.hasRoom(fields)) {
      const names = fields.filter((_, at) => at % 2 === 0)
      this.nodes.push(new StreamNode(this, id, names))
    }
    this.#own(this.nodes.length - 1).add(id, fields)
    this.length += 1
    this.added += 1
    this.last = id
  }

  /** Whether there was such an entry. */
  delete(id: Id): boolean {
    const at = this.#nodeOf(id)
    const index = this.nodes[at]?.items.findIndex((item) => isSame(item.id, id) && !item.isDeleted) ?? -1
    if (index === -1) return false
    const node = this.#own(at)
    node.delete(index)
    if (node.live === 0) this.nodes.splice(at, 1)
    this.length -= 1
    if (isBefore(this.maxDeleted, id)) this.maxDeleted = id
    return true
  }

  /** The entries from one id to another, both included. */
  *range(from: Id, to: Id): Iterable<StreamItem> {
    for (let at = Math.max(0, this.#nodeOf(from)); at < this.nodes.length; at += 1) {
      for (const item of this.nodes[at]?.items ?? []) {
        if (isBefore(to, item.id)) return
        if (!item.isDeleted && !isBefore(item.id, from)) yield item
      }
    }
  }

  *reversed(from: Id, to: Id): Iterable<StreamItem> {
    for (let at = this.#nodeOf(from); at >= 0; at -= 1) {
      const { items } = this.nodes[at] ?? { items: [] }
      for (let index = items.length - 1; index >= 0; index -= 1) {
        const item = items[index]
        if (!item || item.isDeleted || isBefore(from, item.id)) continue
        if (isBefore(item.id, to)) return
        yield item
      }
    }
  }

  /** Removes the oldest entries until `isKept` says stop; `isApproximate`: whole nodes only. Returns how many. */
  trim(keeps: Keeps, isApproximate: boolean, limit: number): number {
    let removed = 0
    for (let node = this.nodes[0]; node; node = this.nodes[0]) {
      if (keeps.length !== undefined && this.length <= keeps.length) break
      if (limit > 0 && removed + node.live > limit) break
      const isWhole =
        keeps.length === undefined ? isBefore(node.lastId, keeps.from) : this.length - node.live >= keeps.length
      if (isWhole) {
        this.nodes.shift()
        this.length -= node.live
        removed += node.live
        continue
      }
      if (!isApproximate) removed += this.#trimNode(keeps)
      break
    }
    return removed
  }

  copy(owner: Owner): Stream {
    const made = new Stream(owner)
    made.nodes.push(...this.nodes)
    made.length = this.length
    made.last = this.last
    made.maxDeleted = this.maxDeleted
    made.added = this.added
    return made
  }

  contents(): unknown {
    const { length, last, maxDeleted, added } = this
    const nodes = this.nodes.map(({ items, bytes }) => [
      bytes,
      items.map(({ id, fields, isDeleted }) => [id, fields, isDeleted]),
    ])
    return { length, last, maxDeleted, added, nodes }
  }

  #trimNode(keeps: Keeps): number {
    const node = this.#own(0)
    let removed = 0
    for (const [index, item] of node.items.entries()) {
      if (keeps.length === undefined ? !isBefore(item.id, keeps.from) : this.length <= keeps.length) break
      if (item.isDeleted) continue
      node.delete(index)
      this.length -= 1
      removed += 1
    }
    return removed
  }

  /** The last node that begins at or before an id; -1: none. */
  #nodeOf(id: Id): number {
    let [low, high] = [0, this.nodes.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const node = this.nodes[middle]
      if (node && isBefore(id, node.master)) high = middle
      else low = middle + 1
    }
    return low - 1
  }

  /** A node that may be changed: a copy, if it is shared with a snapshot. */
  #own(at: number): StreamNode {
    const node = this.nodes[at]
    if (!node) throw new RangeError(`no node ${at} in a stream of ${this.nodes.length}`)
    if (node.owner === this) return node
    const made = node.copy(this)
    this.nodes[at] = made
    return made
  }
}

/** What a trim keeps: so many entries, or those from an id on. */
export type Keeps = { readonly length: number } | { readonly length?: undefined; readonly from: Id }
