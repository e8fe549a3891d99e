/**
 * Which message ids clients have used, as fingerprints in memory. An id without one is known to be new, so its message
 * need not wait for the disk; any other is looked up there. `sqlite.ts` has one for all rooms; `room.ts` asks it.
 */
import { crc32 } from 'node:zlib'
import { mayBeForgotten } from '../id-time.ts'
import type { Recalled } from '../log.ts'

/** The answers on disk. */
export interface AnswerStore {
  /** The ids a client has used, at most `limit`. */
  ids(room: number, client: string, limit: number): Promise<ClientIds>
  answer(room: number, client: string, id: string): Promise<Recalled>
}

/** The ids of one client on disk. */
export interface ClientIds {
  /** A fingerprint of each. */
  readonly prints: Int32Array
  /** The latest time in a forgotten id. */
  readonly forgottenMs: number | undefined
  /** Ids may also be kept as digests, of which the prints do not know. */
  readonly hasDigests: boolean
}

/**
 * One client's ids; `prints` is `many` if there are too many to hold in memory. The prints may include ids that were
 * forgotten since; those are looked up on disk.
 */
interface Client {
  readonly prints: Set<number> | 'many'
  readonly forgottenMs: number | undefined
  readonly hasDigests: boolean
}

const MAX_CLIENTS = 50_000
/** The most fingerprints in all (some 20 bytes each), of one client, and read from disk at once. */
const MAX_IDS = { all: 1_000_000, client: 200_000, read: 10_000 }

export class SeenIds {
  readonly #answers: AnswerStore
  /** The least recently used first. */
  readonly #clients = new Map<string, Client | Promise<Client>>()
  #count = 0

  constructor(answers: AnswerStore) {
    this.#answers = answers
  }

  /** The answer to a client's message; synchronous if it is known to be new. */
  find(room: number, client: string, id: string): Recalled | Promise<Recalled> {
    const known = this.#client(room, client)
    if (known instanceof Promise) return known.then((known) => this.#find(known, room, client, id))
    return this.#find(known, room, client, id)
  }

  /** Call when the answer to a message is on disk. */
  add(room: number, client: string, id: string): void {
    const key = keyOf(room, client)
    const known = this.#clients.get(key)
    if (known === undefined) return
    if (known instanceof Promise) {
      // The read may have missed this id: read again when needed.
      this.#forget(key)
      return
    }
    const { prints } = known
    if (prints === 'many') return
    this.#count -= prints.size
    this.#count += prints.add(fingerprint(id)).size
    if (prints.size > MAX_IDS.client) this.#replace(key, { ...known, prints: 'many' })
    this.#shrink()
  }

  #find(known: Client, room: number, client: string, id: string): Recalled | Promise<Recalled> {
    const { prints, forgottenMs, hasDigests } = known
    if (hasDigests || prints === 'many' || prints.has(fingerprint(id))) return this.#answers.answer(room, client, id)
    return mayBeForgotten(id, forgottenMs) ? 'forgotten' : undefined
  }

  #client(room: number, client: string): Client | Promise<Client> {
    const key = keyOf(room, client)
    const known = this.#clients.get(key)
    if (known === undefined) return this.#load(key, room, client)
    this.#clients.delete(key)
    this.#clients.set(key, known)
    return known
  }

  #load(key: string, room: number, client: string): Promise<Client> {
    const loading = this.#answers.ids(room, client, MAX_IDS.read + 1).then(({ prints, ...rest }) => {
      const known: Client = { ...rest, prints: prints.length > MAX_IDS.read ? 'many' : new Set(prints) }
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

  #replace(key: string, known: Client): void {
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

/** 32 bits of an id. A collision costs a lookup on disk, nothing else. */
export function fingerprint(id: string): number {
  return crc32(id) | 0
}

function keyOf(room: number, client: string): string {
  return `${room}:${client}`
}

function sizeOf(known: Client | Promise<Client> | undefined): number {
  if (known === undefined || known instanceof Promise || known.prints === 'many') return 0
  return known.prints.size
}
