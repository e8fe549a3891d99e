/**
 * Who hears of a room's events in the application: functions by type, and `for await` loops. `client.ts` delivers each
 * event here once, in order.
 */
import { Reader } from './reader.ts'
import type { Reset, RoomEvent, State } from './types.ts'

export class Listeners {
  #functions = new Map<string, Set<(event: RoomEvent) => void>>()
  #readers = new Set<Reader>()
  #states = new Set<(change: State) => void>()

  /** Calls `fn` with each event of a type (`*`: of every type) until the returned function is called. */
  on(type: string, fn: (event: RoomEvent) => void): () => void {
    const functions = this.#functions.get(type) ?? new Set()
    this.#functions.set(type, functions.add(fn))
    return () => functions.delete(fn)
  }

  onState(fn: (change: State) => void): () => void {
    this.#states.add(fn)
    return () => this.#states.delete(fn)
  }

  changed(change: State): void {
    for (const fn of [...this.#states]) call(fn, change)
  }

  /** A loop over the events from now on, which may be `maxBuffer` of them behind. */
  read(maxBuffer: number): Reader {
    const reader = new Reader(maxBuffer, (reader) => this.#readers.delete(reader))
    this.#readers.add(reader)
    return reader
  }

  /** `missed`: what a loop hears in place of events that it was too slow for. */
  deliver(event: RoomEvent, missed: () => Reset): void {
    for (const type of [event.type, '*']) for (const fn of [...(this.#functions.get(type) ?? [])]) call(fn, event)
    for (const reader of this.#readers) reader.push(event, missed)
  }

  /** Ends all loops. */
  end(): void {
    for (const reader of [...this.#readers]) reader.end()
  }
}

/** A listener that throws must not stop the others; its error surfaces like any uncaught one. */
function call<T>(fn: (value: T) => void, value: T): void {
  try {
    fn(value)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
