/**
 * The keys of a model and what they hold. A snapshot costs a copy of the list of keys: a value is copied only when it is
 * written to after it. Reading an expired key removes it; nothing else happens by time.
 */
import { createHash } from 'node:crypto'
import { WRONG_TYPE } from './answer.ts'
import type { Owner, Value } from './values.ts'

/** A class of values: `Hash`. */
export type Kind<V extends Value> = new (owner: Owner) => V

export interface Snapshot {
  readonly values: ReadonlyMap<string, Value>
  readonly expiries: ReadonlyMap<string, number>
}

export class Keyspace {
  /** The time of the call that runs, ms since 1970. */
  nowMs = 0
  #values: Map<string, Value>
  #expiries: Map<string, number>
  #owner: Owner = {}

  constructor({ values, expiries }: Snapshot = { values: new Map(), expiries: new Map() }) {
    this.#values = new Map(values)
    this.#expiries = new Map(expiries)
  }

  get size(): number {
    return this.#values.size
  }

  *keys(): Iterable<string> {
    for (const key of [...this.#values.keys()]) if (this.value(key)) yield key
  }

  value(key: string): Value | undefined {
    if (this.#expiries.size > 0 && (this.#expiries.get(key) ?? Number.POSITIVE_INFINITY) <= this.nowMs) this.delete(key)
    return this.#values.get(key)
  }

  /** To be read. */
  find<V extends Value>(key: string, kind: Kind<V>): V | undefined {
    const found = this.value(key)
    if (found === undefined) return undefined
    if (found instanceof kind) return found
    throw WRONG_TYPE
  }

  /** To be written to, made if it is not there. */
  own<V extends Value>(key: string, kind: Kind<V>): V {
    const found = this.find(key, kind)
    if (found && found.owner === this.#owner) return found
    const made = found ? (found.copy(this.#owner) as V) : new kind(this.#owner)
    this.#values.set(key, made)
    return made
  }

  /** What holds nothing any more is no key. */
  tidy(key: string): void {
    if (this.#values.get(key)?.isEmpty) this.delete(key)
  }

  delete(key: string): boolean {
    this.#expiries.delete(key)
    return this.#values.delete(key)
  }

  clear(): void {
    this.#values.clear()
    this.#expiries.clear()
  }

  expiry(key: string): number | undefined {
    return this.#expiries.get(key)
  }

  /** `undefined`: it stays. */
  expire(key: string, atMs: number | undefined): void {
    if (atMs === undefined) this.#expiries.delete(key)
    else this.#expiries.set(key, atMs)
  }

  snapshot(): Snapshot {
    // What is there now is shared from now on.
    this.#owner = {}
    return { values: new Map(this.#values), expiries: new Map(this.#expiries) }
  }

  /** Equal keyspaces have equal hashes. */
  hash(): string {
    const hash = createHash('sha256')
    for (const [key, value] of [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1)))
      hash.update(JSON.stringify([key, value.contents(), this.#expiries.get(key) ?? 0]))
    return hash.digest('hex').slice(0, 32)
  }
}
