/**
 * The lines that `corridor connect` has read and not sent. In an event room a line with an `id` stays until it is answered,
 * and is sent again over the next connection, which is safe: the room handles an id once.
 */
import { parseFrame } from '../client/frame.ts'

export class LineQueue {
  #waiting: string[] = []
  /** Sent and not answered, by id. */
  readonly #unanswered = new Map<string, string>()
  /** Those of them that the room could not answer for: a welcome may follow, if it moves to another node. */
  readonly #unknown = new Set<string>()

  /** No line waits to be sent. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Every line with an id is answered. */
  get isAnswered(): boolean {
    return this.#unanswered.size === 0
  }

  add(line: string): void {
    this.#waiting.push(line)
  }

  /** The next line to send. `hasAnswers`: the room answers what carries an id. */
  take(hasAnswers: boolean): string {
    const line = this.#waiting.shift() ?? ''
    const id = hasAnswers && line.startsWith('{') ? parseFrame(line)?.id : undefined
    if (typeof id === 'string') this.#unanswered.set(id, line)
    return line
  }

  /** Takes note of an answer. */
  received(frame: string): void {
    if (this.#unanswered.size === 0) return
    const { type, id, data, duplicate } = parseFrame(frame) ?? {}
    if (id === undefined || (type !== 'ack' && type !== 'error')) return
    if (type === 'error' && !duplicate && isUnavailable(data)) this.#unknown.add(id)
    else this.#unanswered.delete(id)
    // The room goes on where it is: the reader has seen what it could not answer for.
    if (type === 'ack') this.#forget()
  }

  /** The connection is lost, or the room has moved: what was not answered is sent again, before all else. */
  restore(): void {
    this.#waiting = [...this.#unanswered.values(), ...this.#waiting]
    this.#unanswered.clear()
    this.#unknown.clear()
  }

  #forget(): void {
    for (const id of this.#unknown) this.#unanswered.delete(id)
    this.#unknown.clear()
  }
}

function isUnavailable(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'code' in data && data.code === 'unavailable'
}
