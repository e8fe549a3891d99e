/** What a key holds. Each is copied when it is written to after a snapshot (`keyspace.ts`): `owner` says whose it is. */
import type { SortedSet } from './sorted-set.ts'
import type { Stream } from './stream.ts'

export type Value = Text | Hash | List | SortedSet | Stream

/** Whoever may change a value in place. */
export type Owner = object

export class Text {
  readonly type = 'string'
  readonly owner: Owner
  text = ''

  constructor(owner: Owner) {
    this.owner = owner
  }

  get isEmpty(): boolean {
    return false
  }

  copy(owner: Owner): Text {
    const made = new Text(owner)
    made.text = this.text
    return made
  }

  contents(): unknown {
    return this.text
  }
}

export class Hash {
  readonly type = 'hash'
  readonly owner: Owner
  readonly fields: Map<string, string>

  constructor(owner: Owner, fields = new Map<string, string>()) {
    this.owner = owner
    this.fields = fields
  }

  get isEmpty(): boolean {
    return this.fields.size === 0
  }

  copy(owner: Owner): Hash {
    return new Hash(owner, new Map(this.fields))
  }

  /** In an order of its own: Redis has none. */
  contents(): unknown {
    return [...this.fields].sort(([a], [b]) => (a < b ? -1 : 1))
  }
}

export class List {
  readonly type = 'list'
  readonly owner: Owner
  items: string[]

  constructor(owner: Owner, items: string[] = []) {
    this.owner = owner
    this.items = items
  }

  get isEmpty(): boolean {
    return this.items.length === 0
  }

  copy(owner: Owner): List {
    return new List(owner, this.items.slice())
  }

  contents(): unknown {
    return this.items
  }
}
