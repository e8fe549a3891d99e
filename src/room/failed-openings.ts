/**
 * The rooms whose latest `open` failed, each with its error, for the operator. `rooms.ts` notes and removes them. A path
 * with parameters may fail under any number of names, so the oldest are forgotten.
 */
import type { Mount } from '../config/mount.ts'
import { errorOf } from '../thrown.ts'

export interface FailedOpening {
  readonly path: string
  readonly mount: Mount
  readonly error: string
}

const MOST = 1000
const MAX_ERROR_LENGTH = 1000

export class FailedOpenings {
  readonly #all = new Map<string, FailedOpening>()

  add(path: string, mount: Mount, thrown: unknown): void {
    this.#all.delete(path)
    this.#all.set(path, { path, mount, error: messageOf(thrown).slice(0, MAX_ERROR_LENGTH) })
    const [oldest] = this.#all.keys()
    if (this.#all.size > MOST && oldest !== undefined) this.#all.delete(oldest)
  }

  /** The room has opened, or is no more tried to open. */
  remove(path: string): void {
    this.#all.delete(path)
  }

  /** Removes those that `isOver`. */
  removeIf(isOver: (failed: FailedOpening) => boolean): void {
    for (const failed of [...this.#all.values()]) if (isOver(failed)) this.#all.delete(failed.path)
  }

  get(path: string): FailedOpening | undefined {
    return this.#all.get(path)
  }

  values(): IterableIterator<FailedOpening> {
    return this.#all.values()
  }
}

/** A module may throw anything, also an error that cannot be read. */
function messageOf(thrown: unknown): string {
  try {
    return String(errorOf(thrown).message)
  } catch {
    return 'an error that cannot be read'
  }
}
