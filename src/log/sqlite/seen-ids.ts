/**
 * Which ids clients have used, as fingerprints in memory: an id that was never used is known to be new without asking
 * the disk, so that a message waits for nothing before its handler runs. One for all rooms of `sqlite.ts`;
 * `room.ts` asks. What cannot be told from memory is asked of the disk.
 */
import { crc32 } from 'node:zlib'
import { mayBeForgotten } from '../id-time.ts'
import type { Recalled } from '../log.ts'

/** Where answers lie on disk. */
export interface Answers {
  /** The ids a client has used, at most `limit`. */
  ids(room: number, client: string, limit: number): Promise<ClientIds>
  answer(room: number, client: string, id: string): Promise<Recalled>
}

/** What lies on disk of one client's ids. */
export interface ClientIds {
  /** A fingerprint of each. */
  readonly prints: Int32Array
  /** The latest time in an id that was forgotten. */
  readonly forgottenMs: number | undefined
}

/**
 * One client's ids; `prints` is `many` where there are more than are held in memory. An id that was forgotten since is
 * still among the prints, so that the disk is asked, which knows better.
 */
interface Known {
  readonly prints: Set<number> | 'many'
  readonly forgottenMs: number | undefined
}

const MAX_CLIENTS = 50_000
/** Fingerprints in all, some 20 bytes each; of one client; and as many as are read from disk at once. */
const MAX_IDS = { all: 1_000_000, client: 200_000, read: 10_000 }

export class SeenIds {
  readonly #answers: Answers
  /** The client that spoke last stands last. */
  readonly #clients = new Map<string, Known | Promise<Known>>()
  #count = 0

  constructor(answers: Answers) {
    this.#answers = answers
  }

  /** The answer to a client's message; at once where it is known to be new. */
  find(room: number, client: string, id: string): Recalled | Promise<Recalled> {
    const known = this.#known(room, client)
    if (known instanceof Promise) return known.then((known) => this.#find(known, room, client, id))
    return this.#find(known, room, client, id)
  }

  /** A message was answered, and its answer is on disk. */
  add(room: number, client: string, id: string): void {
    const key = keyOf(room, client)
    const known = this.#clients.get(key)
    if (known === undefined) return
    if (known instanceof Promise) {
      // Read from disk before this was written: read again when it is needed.
      this.#forget(key)
      return
    }
    const { prints, forgottenMs } = known
    if (prints === 'many') return
    this.#count -= prints.size
    this.#count += prints.add(fingerprint(id)).size
    if (prints.size > MAX_IDS.client) this.#replace(key, { prints: 'many', forgottenMs })
    this.#shrink()
  }

  #find({ prints, forgottenMs }: Known, room: number, client: string, id: string): Recalled | Promise<Recalled> {
    if (prints === 'many' || prints.has(fingerprint(id))) return this.#answers.answer(room, client, id)
    return mayBeForgotten(id, forgottenMs) ? 'forgotten' : undefined
  }

  #known(room: number, client: string): Known | Promise<Known> {
    const key = keyOf(room, client)
    const known = this.#clients.get(key)
    if (known === undefined) return this.#load(key, room, client)
    this.#clients.delete(key)
    this.#clients.set(key, known)
    return known
  }

  #load(key: string, room: number, client: string): Promise<Known> {
    const loading = this.#answers.ids(room, client, MAX_IDS.read + 1).then(({ prints, forgottenMs }) => {
      const known: Known = { prints: prints.length > MAX_IDS.read ? 'many' : new Set(prints), forgottenMs }
      if (this.#clients.get(key) === loading) this.#replace(key, known)
      return known
    })
    loading.catch(() => {
      if (this.#clients.get(key) === loading) this.#forget(key)
    })
    this.#clients.set(key, loading)
    this.#shrink()
    return loading
  }

  #replace(key: string, known: Known): void {
    this.#forget(key)
    this.#clients.set(key, known)
    this.#count += sizeOf(known)
  }

  #forget(key: string): void {
    this.#count -= sizeOf(this.#clients.get(key))
    this.#clients.delete(key)
  }

  #shrink(): void {
    for (const key of this.#clients.keys()) {
      if (this.#count <= MAX_IDS.all && this.#clients.size <= MAX_CLIENTS) return
      this.#forget(key)
    }
  }
}

/** 32 bits of an id: two that share them cost a look at the disk, nothing else. */
export function fingerprint(id: string): number {
  return crc32(id) | 0
}

function keyOf(room: number, client: string): string {
  return `${room}:${client}`
}

function sizeOf(known: Known | Promise<Known> | undefined): number {
  if (known === undefined || known instanceof Promise || known.prints === 'many') return 0
  return known.prints.size
}
