/**
 * Messages whose events are kept together, all or none: what their handlers publish is held back here until all have
 * ended. `batches.ts` commits or discards it.
 */
import type { RoomError } from '../errors.ts'
import type { ClientMark, Draft, Mark, RoomLog } from '../log/log.ts'

/** A message that brings a mark until one of its events, or the batch, takes it along. */
interface Marked {
  mark: ClientMark | undefined
}

export class Batch {
  readonly #log: RoomLog
  readonly #drafts: Draft[] = []
  readonly #marks: Mark[]
  #told: { resolve: (seq: number) => void; reject: (error: unknown) => void }[] = []

  /** `marks`: what is kept with the events beside the marks of the messages. */
  constructor(log: RoomLog, marks: readonly Mark[]) {
    this.#log = log
    this.#marks = [...marks]
  }

  /** Holds an event back until the batch is committed. */
  stage(draft: Draft, message: Marked): Promise<number> {
    if (message.mark) this.#marks.push({ ...message.mark, draft: this.#drafts.length })
    message.mark = undefined
    this.#drafts.push(draft)
    return new Promise((resolve, reject) => this.#told.push({ resolve, reject }))
  }

  /** Appends all that is held back, with the marks of `messages` that published nothing. */
  async commit(messages: readonly Marked[]): Promise<void> {
    const silent = messages.flatMap(({ mark }) => mark ?? [])
    const marks = [...this.#marks.splice(0), ...silent]
    const told = this.#told
    this.#told = []
    if (told.length === 0 && marks.length === 0) return
    try {
      const first = await this.#log.append(this.#drafts.splice(0), marks)
      for (const [index, { resolve }] of told.entries()) resolve(first + index)
    } catch (error) {
      for (const { reject } of told) reject(error)
      throw error
    }
  }

  /** Drops what is held back. */
  discard(reason: RoomError): void {
    this.#drafts.length = 0
    for (const { reject } of this.#told.splice(0)) reject(reason)
  }
}
