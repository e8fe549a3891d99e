/**
 * `room.storage`: a room's values by key, in memory, written with the steps of its code. What a step changed is undone
 * if the step is not kept. `stores.ts` has the schemas; `room-state.ts` loads it when the room opens.
 */
import type { Schemas } from '../define.ts'
import { LimitError, RoomError } from '../errors.ts'
import type { Stored } from '../log/log.ts'
import type { Steps } from './steps.ts'
import type { StorageBudget } from './storage-budget.ts'
import { type Item, Stores } from './stores.ts'

/** How much is loaded in one turn of the event loop. */
const SLICE_BYTES = 64 * 1024

export interface RoomStorageParts {
  readonly stores: Schemas | undefined
  readonly steps: Steps
  /** `limits.storage` of the room. */
  readonly limitBytes: number
  readonly budget: StorageBudget
  /** Resolves in the next turn of the event loop. */
  readonly nextTurn: () => Promise<void>
  /** The room has closed. */
  readonly isOver: () => boolean
}

export class RoomStorage {
  readonly #parts: RoomStorageParts
  readonly #stores: Stores
  readonly #items = new Map<string, Item>()
  #bytes = 0
  /** Whether the budget counts it. */
  #isCounted = false

  constructor(parts: RoomStorageParts) {
    this.#parts = parts
    this.#stores = new Stores(parts.stores)
  }

  /**
   * Takes over what was kept. Returns the keys that no name of `stores` covers. Throws a `TypeError` that names the key
   * and what is wrong if a value does not match its schema, and a `Refusal` if the server holds too much already. Other
   * rooms have their turns meanwhile.
   */
  async load(kept: ReadonlyMap<string, Stored>): Promise<string[]> {
    const uncovered: string[] = []
    let slice = 0
    for (const [key, stored] of kept) {
      const schema = this.#stores.schemaOf(key)
      if (schema) this.#replace(key, this.#stores.itemOf(key, schema, stored))
      else uncovered.push(key)
      slice += stored.length
      if (slice < SLICE_BYTES) continue
      slice = 0
      await this.#parts.nextTurn()
      // Given up meanwhile: what it would count would never be given back.
      this.#mustBeOpen()
    }
    this.#parts.budget.mustHold(this.#bytes)
    this.#isCounted = true
    this.#parts.budget.add(this.#bytes)
    return uncovered
  }

  /** These values are kept, though the step that set them had failed. */
  restore(kept: ReadonlyMap<string, Stored | undefined>): void {
    for (const [key, stored] of kept) {
      const schema = this.#stores.mustCover('storage', key)
      this.#replace(key, stored === undefined ? undefined : this.#stores.itemOf(key, schema, stored))
    }
  }

  /** The room has ended: its bytes count no more. */
  release(): void {
    if (this.#isCounted) this.#parts.budget.add(-this.#bytes)
    this.#isCounted = false
  }

  get size(): number {
    this.#reads()
    return this.#items.size
  }

  get bytes(): number {
    this.#reads()
    return this.#bytes
  }

  get(key: string): unknown {
    this.#reads()
    const schema = this.#stores.mustCover('storage.get', key)
    const item = this.#items.get(key)
    return item ? this.#valueOf(key, item) : this.#stores.defaultOf(key, schema)
  }

  set(key: string, value: unknown): void {
    this.#mustBeOpen()
    const schema = this.#stores.mustCover('storage.set', key)
    const stored = this.#stores.storedOf(key, value)
    const item = this.#stores.itemOf(key, schema, stored)
    const more = item.bytes - (this.#items.get(key)?.bytes ?? 0)
    // What shrinks is always taken: the limit may have been lowered.
    if (more > 0 && this.#bytes + more > this.#parts.limitBytes) throw this.#full(more)
    this.#change(key, item, stored)
  }

  delete(key: string): boolean {
    this.#reads()
    this.#stores.mustCover('storage.delete', key)
    if (!this.#items.has(key)) return false
    this.#change(key, undefined, undefined)
    return true
  }

  entries(prefix?: string): readonly (readonly [key: string, value: unknown])[] {
    return this.#keys('storage.entries', prefix).map(([key, item]) => [key, this.#valueOf(key, item)] as const)
  }

  clear(prefix?: string): void {
    for (const [key] of this.#keys('storage.clear', prefix)) this.#change(key, undefined, undefined)
  }

  /** Sorted by key as text. */
  #keys(what: string, prefix: string | undefined): (readonly [key: string, item: Item])[] {
    this.#reads()
    if (prefix === undefined) return [...this.#items].sort(byKey)
    this.#stores.mustBePrefix(what, prefix)
    return [...this.#items].filter(([key]) => key.startsWith(prefix)).sort(byKey)
  }

  #valueOf(key: string, { value, stored }: Item): unknown {
    if (stored === undefined) return value
    return this.#stores.read(key, this.#stores.mustCover('storage', key), stored)
  }

  #change(key: string, item: Item | undefined, stored: Stored | undefined): void {
    const before = this.#items.get(key)
    const step = this.#parts.steps.current
    const changes = step.change(() => this.#replace(key, before))
    changes.storage ??= new Map()
    changes.storage.set(key, stored)
    step.size += item?.bytes ?? 0
    this.#replace(key, item)
  }

  #replace(key: string, item: Item | undefined): void {
    const more = (item?.bytes ?? 0) - (this.#items.get(key)?.bytes ?? 0)
    if (item) this.#items.set(key, item)
    else this.#items.delete(key)
    this.#bytes += more
    if (this.#isCounted) this.#parts.budget.add(more)
  }

  /** What is read may be undone, and what this step does then is undone too. */
  #reads(): void {
    this.#mustBeOpen()
    const { steps } = this.#parts
    if (steps.hasUnsealed) steps.current.usesState = true
    else steps.mustNotBeGivenUp()
  }

  #mustBeOpen(): void {
    if (this.#parts.isOver()) throw new RoomError('unavailable', 'this room has closed')
  }

  #full(more: number): RoomError {
    const { limitBytes } = this.#parts
    const message = `this room may store ${limitBytes} bytes (limits.storage): ${this.#bytes} are taken, ${more} more do not fit`
    return new LimitError('limits.storage', 'storage_full', message)
  }
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
