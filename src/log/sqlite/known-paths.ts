/** The paths of the rooms on disk, as fingerprints, so that a new room opens without a query. `sqlite.ts` owns it. */
import { fingerprint } from './seen-ids.ts'

/** The most rooms that are held in memory. */
export const KNOWN_ROOMS = 500_000

export class KnownPaths {
  /** `undefined` if there are too many. */
  #prints: Set<number> | undefined

  constructor(prints: Int32Array | undefined) {
    this.#prints = prints && new Set(prints)
  }

  /** Whether no room at this path is on disk. */
  isNew(path: string): boolean {
    return this.#prints !== undefined && !this.#prints.has(fingerprint(path))
  }

  /** The room at this path is on disk. */
  add(path: string): void {
    this.#prints?.add(fingerprint(path))
    if ((this.#prints?.size ?? 0) > KNOWN_ROOMS) this.#prints = undefined
  }
}
