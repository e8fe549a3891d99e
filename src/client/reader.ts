/**
 * One `for await` over a room: a bounded buffer between events that come when they come and a loop that takes them when
 * it can. A loop that falls too far behind loses what it has not taken and is told so by a `reset`. Filled by `client.ts`.
 */
import type { Reset, RoomEvent } from './types.ts'

export class Reader implements AsyncIterableIterator<RoomEvent> {
  #events: RoomEvent[] = []
  #waiting: ((result: IteratorResult<RoomEvent>) => void)[] = []
  #ended = false
  #max: number
  #onEnd: (reader: Reader) => void

  constructor(max: number, onEnd: (reader: Reader) => void) {
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

  /** No more will come; what is buffered is still read. */
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

  /** The loop was left. */
  return(): Promise<IteratorResult<RoomEvent>> {
    this.#events = []
    this.end()
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
