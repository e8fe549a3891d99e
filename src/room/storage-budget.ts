/**
 * How many bytes the storages of all open rooms of a server hold in memory together. Beyond the limit no room opens.
 * `storage.ts` counts; `rooms.ts` refuses.
 */
import { Refusal } from '../errors.ts'

export class StorageBudget {
  readonly #limitBytes: () => number
  #used = 0

  /** The limit may change while the server runs. */
  constructor(limitBytes: () => number = () => Number.POSITIVE_INFINITY) {
    this.#limitBytes = limitBytes
  }

  get used(): number {
    return this.#used
  }

  add(bytes: number): void {
    this.#used += bytes
  }

  /** Throws a `Refusal` 503 unless `bytes` more may be held. */
  mustHold(bytes: number): void {
    if (this.#used + bytes <= this.#limitBytes()) return
    const message = 'the open rooms of this server store too much, come back later'
    throw new Refusal(503, 'storage_full', message, { 'Retry-After': '10' }).by('server.limits.storage')
  }
}
