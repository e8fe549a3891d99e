/**
 * Messages whose events are kept together, all or none: what their handlers publish is held back here until all have
 * ended. `batches.ts` commits or discards it.
 */
import type { RoomError } from './errors.ts'
import type { Draft, Mark, RoomLog } from './log/log.ts'
import type { Turn } from './turn.ts'

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
  stage(draft: Draft, turn: Turn): Promise<number> {
    if (turn.mark) this.#marks.push({ ...turn.mark, draft: this.#drafts.length })
    turn.mark = undefined
    this.#drafts.push(draft)
    return new Promise((resolve, reject) => this.#told.push({ resolve, reject }))
  }

  /** Appends all that is held back, with the marks of `turns` that published nothing. */
  async commit(turns: readonly Turn[]): Promise<void> {
    const silent = turns.flatMap(({ mark }) => mark ?? [])
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
