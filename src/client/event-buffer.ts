/**
 * The bounded buffer of one `for await` loop over a room. If the loop falls too far behind, the buffered events are
 * dropped and it gets a `reset` in their place. Filled by `listeners.ts`.
 */
import type { Reset, RoomEvent } from './types.ts'

export class EventBuffer implements AsyncIterableIterator<RoomEvent> {
  #events: RoomEvent[] = []
  #waiting: ((result: IteratorResult<RoomEvent>) => void)[] = []
  #ended = false
  #max: number
  #onEnd: (buffer: EventBuffer) => void

  constructor(max: number, onEnd: (buffer: EventBuffer) => void) {
    this.#max = max
    this.#onEnd = onEnd
  }

  push(event: RoomEvent, missed: () => Reset): void {
    const next = this.#waiting.shift()
    if (next) {
      next({ value: event, done: false })
      return
    }
    if (this.#events.length >= this.#max) this.#events = [missed()]
    this.#events.push(event)
  }

  /** No more events follow; buffered ones can still be read. */
  end(): void {
    this.#ended = true
    this.#onEnd(this)
    for (const next of this.#waiting.splice(0)) next({ value: undefined, done: true })
  }

  next(): Promise<IteratorResult<RoomEvent>> {
    const value = this.#events.shift()
    if (value) return Promise.resolve({ value, done: false })
    if (this.#ended) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Called if the loop breaks. */
  return(): Promise<IteratorResult<RoomEvent>> {
    this.#events = []
    this.end()
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
