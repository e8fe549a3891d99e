/**
 * Lookups of rooms: those of one room are one, and only some run at a time, those for which messages wait before all others.
 * `owners.ts` says what a lookup does.
 */
import type { Clock } from '../clock.ts'
import { RoomError } from '../errors.ts'
import { within } from '../within.ts'

const AT_ONCE = 64
/** Whoever waits for a lookup tries again by himself. */
const LATE_MS = 3000

interface Lookup<T> {
  readonly found: PromiseWithResolvers<T>
  isUrgent: boolean
  isAgain: boolean
}

/** What a lookup comes to: it is found, or is to begin anew after some ms. `held`: its place is not free before. */
export type LookedUp<T> = { readonly found: T; readonly held?: Promise<void> } | { readonly againMs: number }

export class Lookups<T> {
  readonly #clock: Clock
  readonly #look: (path: string, isAgain: boolean) => Promise<LookedUp<T>>
  readonly #all = new Map<string, Lookup<T>>()
  readonly #urgent = new Set<string>()
  readonly #others = new Set<string>()
  #running = 0

  constructor(clock: Clock, look: (path: string, isAgain: boolean) => Promise<LookedUp<T>>) {
    this.#clock = clock
    this.#look = look
  }

  /** Rejects with a `RoomError` `unavailable` if it takes too long. */
  find(path: string, isUrgent: boolean): Promise<T> {
    const known = this.#all.get(path)
    const lookup = known ?? { found: Promise.withResolvers<T>(), isUrgent, isAgain: false }
    this.#all.set(path, lookup)
    if (!known) this.#queue(path, lookup)
    else if (isUrgent) this.hurry(path)
    return within(this.#clock, LATE_MS, lookup.found.promise, () => {
      throw new RoomError('unavailable', 'it is not known where this room lives, try again later')
    })
  }

  /** Messages wait for it by now. */
  hurry(path: string): void {
    const lookup = this.#all.get(path)
    if (!lookup) return
    lookup.isUrgent = true
    if (this.#others.delete(path)) this.#urgent.add(path)
  }

  #queue(path: string, { isUrgent }: Lookup<T>): void {
    if (isUrgent) this.#urgent.add(path)
    else this.#others.add(path)
    this.#next()
  }

  #next(): void {
    while (this.#running < AT_ONCE) {
      const path = this.#urgent.values().next().value ?? this.#others.values().next().value
      const lookup = path === undefined ? undefined : this.#all.get(path)
      if (path === undefined || !lookup) return
      this.#urgent.delete(path)
      this.#others.delete(path)
      void this.#run(path, lookup)
    }
  }

  async #run(path: string, lookup: Lookup<T>): Promise<void> {
    this.#running += 1
    try {
      const looked = await this.#look(path, lookup.isAgain)
      if ('found' in looked) {
        this.#all.delete(path)
        lookup.found.resolve(looked.found)
        await looked.held
      } else {
        lookup.isAgain = true
        this.#clock.after(looked.againMs, () => this.#queue(path, lookup))
      }
    } catch (error) {
      this.#all.delete(path)
      lookup.found.reject(error)
    }
    this.#running -= 1
    this.#next()
  }
}
