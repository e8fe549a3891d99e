/**
 * A Yjs document in the storage of a room, as changes that are applied in their order. Many of them are merged into one.
 * `../doc.ts` hands it what peers send.
 */
import { RoomError, type Storage } from 'corridor'
import * as Y from 'yjs'
import type { z } from 'zod'

/** How many changes, and bytes of them, are stored before they are merged; how many bytes the document may take then. */
const MOST = { changes: 500, bytes: 1_000_000, mergedBytes: 750_000 }

export class StoredDoc {
  readonly #storage: Storage<{ 'change/': z.ZodType<Uint8Array, Uint8Array> }>
  /** The numbers of the oldest and the newest change, and how many there are; 0: none. */
  #oldest = 0
  #newest = 0
  #count = 0
  current: Y.Doc

  constructor(storage: Storage<{ 'change/': z.ZodType<Uint8Array, Uint8Array> }>) {
    this.#storage = storage
    this.current = this.#load()
  }

  /**
   * False: a change could not be kept, perhaps not the last one. Then it is ahead of what is stored, and must be reloaded.
   * The oldest is not there where a merge could not be kept.
   */
  get isKept(): boolean {
    return (
      this.#storage.size === this.#count && (this.#count === 0 || this.#storage.get(keyOf(this.#oldest)) !== undefined)
    )
  }

  reload(): void {
    this.current.destroy()
    this.current = this.#load()
  }

  /**
   * Applies and stores an update. Returns what it changed, and whether it stands on changes that are missing here: those
   * parts are dropped. Throws if it is no update, and a `RoomError` `document_full` if the document becomes too large.
   */
  apply(update: Uint8Array): { changes: readonly Uint8Array[]; isMissing: boolean } {
    // Throws for most of what is no update, before the document is touched.
    Y.decodeUpdate(update)
    const changes: Uint8Array[] = []
    const collect = (change: Uint8Array) => void changes.push(change)
    const { current } = this
    const { store } = current
    try {
      current.on('update', collect)
      Y.applyUpdate(current, update)
      current.off('update', collect)
      for (const change of changes) this.#keep(change)
    } catch (error) {
      // A part of it may have been applied.
      this.reload()
      throw error
    }
    const isMissing = store.pendingStructs !== null || store.pendingDs !== null
    store.pendingStructs = null
    store.pendingDs = null
    return { changes, isMissing }
  }

  #load(): Y.Doc {
    const doc = new Y.Doc()
    this.#oldest = 0
    this.#newest = 0
    this.#count = 0
    for (const [key, change] of this.#storage.entries('change/')) {
      Y.applyUpdate(doc, change)
      this.#counted(Number(key.slice('change/'.length)))
    }
    return doc
  }

  #keep(change: Uint8Array): void {
    if (this.#storage.size < MOST.changes && this.#store(change)) return
    const merged = Y.encodeStateAsUpdate(this.current)
    const changes = this.#storage.entries('change/')
    this.#storage.clear('change/')
    this.#count = 0
    if (merged.length <= MOST.mergedBytes && this.#store(merged)) return
    for (const [key, change] of changes) this.#storage.set(key, change)
    throw new RoomError('document_full', 'the document is too large')
  }

  /** Returns whether there was room for it. */
  #store(change: Uint8Array): boolean {
    if (this.#storage.bytes + change.length > MOST.bytes) return false
    try {
      this.#storage.set(keyOf(this.#newest + 1), change)
    } catch (error) {
      if (error instanceof RoomError && error.code === 'storage_full') return false
      throw error
    }
    this.#counted(this.#newest + 1)
    return true
  }

  #counted(number: number): void {
    if (this.#count === 0) this.#oldest = number
    this.#newest = number
    this.#count += 1
  }
}

/** Keys are sorted as text. */
function keyOf(number: number) {
  return `change/${String(number).padStart(12, '0')}` as const
}
