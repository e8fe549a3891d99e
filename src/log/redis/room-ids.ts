/**
 * The ids that clients of one room have used. An id of a client is known to be new if its time is later than that of any
 * id which Redis had of the client when this was asked, and it was not used since; any other is asked for. What is asked in
 * one turn is one call. `room.ts` has one for each opening.
 */
import { crc32 } from 'node:zlib'
import type { Clock } from '../../clock.ts'
import type { IdDigests } from '../id-digest.ts'
import { idTime, mayBeForgotten } from '../id-time.ts'
import type { Recalled } from '../log.ts'
import { storedAnswer } from './id-value.ts'
import type { RedisCalls } from './redis-calls.ts'
import { bytes, list } from './reply.ts'
import { clients as clientsScript, recall as recallScript } from './scripts/recall.ts'
import type { Script } from './scripts/script.ts'

export interface RoomIdsParts {
  readonly calls: RedisCalls
  readonly clock: Clock
  readonly digests: IdDigests
}

/** What is known of a client's ids. */
interface Client {
  /** The latest time in an id that was kept when it was asked; -1: there was none. */
  readonly latestMs: number
  /** There were ids without a time. */
  readonly hasTimeless: boolean
  readonly forgottenMs: number | undefined
  /** Fingerprints of the ids that were kept since. */
  readonly since: Set<number>
}

/** The most clients that are known, and fingerprints of their ids. */
const MOST = { clients: 50_000, ids: 500_000 }
/** The most that is asked in one call. */
const BATCH = 1000

export class RoomIds {
  readonly #clock: Clock
  readonly #digests: IdDigests
  readonly #ask: (script: Script, digests: readonly Buffer[]) => Promise<readonly Buffer[]>
  /** The least recently used first. */
  readonly #clients = new Map<string, Client | Promise<Client>>()
  #count = 0
  readonly #batches = new Map<Script, Batch>()

  constructor(path: string, key: string, { calls, clock, digests }: RoomIdsParts) {
    this.#clock = clock
    this.#digests = digests
    this.#ask = async (script, digests) =>
      list(await calls.run(script, key, [path, ...digests])).map((each) => bytes(each))
  }

  /** The answer to a client's message; synchronous if it is known to be new. */
  find(client: string, id: string): Recalled | Promise<Recalled> {
    const known = this.#client(client)
    return known instanceof Promise
      ? known.then((known) => this.#find(known, client, id))
      : this.#find(known, client, id)
  }

  /** This message is kept. */
  add(client: string, id: string): void {
    const known = this.#clients.get(client)
    if (known === undefined) return
    if (known instanceof Promise) {
      // The answer may have missed this id: it is asked for again when needed.
      this.forget(client)
      return
    }
    this.#count -= known.since.size
    this.#count += known.since.add(fingerprint(id)).size
    this.#shrink()
  }

  /** What is known of this client is not so any more. */
  forget(client: string): void {
    const known = this.#clients.get(client)
    this.#clients.delete(client)
    if (known && !(known instanceof Promise)) this.#count -= known.since.size
  }

  #find(known: Client, client: string, id: string): Recalled | Promise<Recalled> {
    const time = idTime(id)
    const isLater = time === undefined ? !known.hasTimeless : time > known.latestMs
    if (isLater && !known.since.has(fingerprint(id))) return orForgotten(known, id)
    return this.#recall(client, id)
  }

  async #recall(client: string, id: string): Promise<Recalled> {
    const [value, error] = await this.#batched(recallScript, this.#digests.id(client, id))
    if (value && value.length > 0) return storedAnswer(value, error ?? value.subarray(0, 0))
    if (idTime(id) === undefined) return undefined
    // It may have been forgotten while the room was open, since this was asked.
    const [latest, forgotten] = await this.#batched(clientsScript, this.#digests.client(client))
    return orForgotten(clientOf(String(latest), String(forgotten)), id)
  }

  #client(client: string): Client | Promise<Client> {
    const known = this.#clients.get(client)
    if (known === undefined) return this.#load(client)
    this.#clients.delete(client)
    this.#clients.set(client, known)
    return known
  }

  #load(client: string): Promise<Client> {
    const loading = this.#batched(clientsScript, this.#digests.client(client)).then(([latest, forgotten]) => {
      const known = clientOf(String(latest), String(forgotten))
      if (this.#clients.get(client) === loading) this.#clients.set(client, known)
      return known
    })
    loading.catch(() => {
      if (this.#clients.get(client) === loading) this.#clients.delete(client)
    })
    this.#clients.set(client, loading)
    this.#shrink()
    return loading
  }

  #batched(script: Script, digest: Buffer): Promise<readonly Buffer[]> {
    let batch = this.#batches.get(script)
    if (!batch || batch.digests.length >= BATCH) {
      const next: Batch = { digests: [], answers: undefined }
      next.answers = new Promise<void>((resolve) => this.#clock.soon(resolve)).then(() => {
        if (this.#batches.get(script) === next) this.#batches.delete(script)
        return this.#ask(script, next.digests)
      })
      batch = next
      this.#batches.set(script, batch)
    }
    const at = 2 * batch.digests.push(digest) - 2
    return (batch.answers ?? Promise.resolve([])).then((answers) => answers.slice(at, at + 2))
  }

  #shrink(): void {
    for (const client of this.#clients.keys()) {
      if (this.#count <= MOST.ids && this.#clients.size <= MOST.clients) return
      this.forget(client)
    }
  }
}

/** What is asked in one turn. */
interface Batch {
  readonly digests: Buffer[]
  answers: Promise<readonly Buffer[]> | undefined
}

/** Of what the script `clients` answers: twice the time, and 1 more if there are ids without a time. */
function clientOf(latest: string, forgotten: string): Client {
  const doubled = Number(latest)
  const hasAny = latest !== '' && doubled > 1
  return {
    latestMs: hasAny ? Math.floor(doubled / 2) : -1,
    hasTimeless: latest !== '' && doubled % 2 === 1,
    forgottenMs: forgotten === '' ? undefined : Number(forgotten) / 2,
    since: new Set(),
  }
}

function orForgotten({ forgottenMs }: Client, id: string): Recalled {
  return mayBeForgotten(id, forgottenMs) ? 'forgotten' : undefined
}

/** A collision costs a question, nothing else. */
function fingerprint(id: string): number {
  return crc32(id) | 0
}
