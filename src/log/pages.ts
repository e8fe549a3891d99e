/**
 * Pages of a room's history that are not in memory, for the log of a room. Readers that resume from one position share a read.
 */
import type { Clock } from '../clock.ts'
import { Frame } from '../delivery/frame.ts'
import type { StoredEvent } from './stored-event.ts'

/** How many pages are shared, and for how long. */
const SHARED = { most: 16, ms: 5000 }

export class Pages {
  readonly #clock: Clock
  readonly #shared = new Map<string, Promise<readonly Frame[]>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The page of this key: one that was read lately, or the result of `read`. */
  get(key: string, read: () => Promise<readonly StoredEvent[]>): Promise<readonly Frame[]> {
    const known = this.#shared.get(key)
    if (known) return known
    const page = read().then((events) => events.map(frameOf))
    this.#shared.set(key, page)
    const forget = () => {
      if (this.#shared.get(key) === page) this.#shared.delete(key)
    }
    page.catch(forget)
    this.#clock.after(SHARED.ms, forget)
    const [oldest] = this.#shared.keys()
    if (this.#shared.size > SHARED.most && oldest !== undefined) this.#shared.delete(oldest)
    return page
  }
}

export function frameOf({ type, data, seq, time }: StoredEvent): Frame {
  return new Frame(type, data, seq, time)
}
