/**
 * The lines that `corridor connect` has read and not sent. In an event room a line with an `id` stays until it is answered,
 * and is sent again over the next connection, which is safe: the room handles an id once.
 */
import { parseFrame } from '../client/frame.ts'

export class LineQueue {
  #waiting: string[] = []
  /** Sent and not answered, by id. */
  readonly #unanswered = new Map<string, string>()

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
    const { type, id } = parseFrame(frame) ?? {}
    if (id !== undefined && (type === 'ack' || type === 'error')) this.#unanswered.delete(id)
  }

  /** The connection is lost: what was not answered is sent again, before all else. */
  restore(): void {
    this.#waiting = [...this.#unanswered.values(), ...this.#waiting]
    this.#unanswered.clear()
  }
}
