/**
 * The application's listeners: functions by event type, and the buffers of `for await` loops. `client.ts` delivers each
 * event here once, in order.
 */
import { EventBuffer } from './event-buffer.ts'
import type { Reset, RoomEvent, State } from './types.ts'

export class Listeners {
  #functions = new Map<string, Set<(event: RoomEvent) => void>>()
  #buffers = new Set<EventBuffer>()
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

  notifyState(change: State): void {
    for (const fn of [...this.#states]) call(fn, change)
  }

  /** Returns a buffer of the events from now on, which holds `maxBuffer` of them. */
  buffer(maxBuffer: number): EventBuffer {
    const buffer = new EventBuffer(maxBuffer, (ended) => this.#buffers.delete(ended))
    this.#buffers.add(buffer)
    return buffer
  }

  /** `missed` makes the `reset` that a full buffer gets in place of its events. */
  deliver(event: RoomEvent, missed: () => Reset): void {
    for (const type of [event.type, '*']) for (const fn of [...(this.#functions.get(type) ?? [])]) call(fn, event)
    for (const buffer of this.#buffers) buffer.push(event, missed)
  }

  /** Ends all loops. */
  end(): void {
    for (const buffer of [...this.#buffers]) buffer.end()
  }
}

/** An error in a listener must not stop the others; it is reported like any uncaught error. */
function call<T>(fn: (value: T) => void, value: T): void {
  try {
    fn(value)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
