/**
 * A turn: one message of a peer from its arrival to its answer. It carries the mark that makes a retry safe into the
 * first append of its handler, and gathers what the handler publishes, since the ack says that all of it is kept.
 * `turns.ts` begins and answers it; what its handler publishes goes to the log through it.
 */
import { RoomError } from './errors.ts'
import type { ClientMark, Draft, Mark, RoomLog } from './log/log.ts'
import type { Connection } from './peer.ts'

export class Turn {
  readonly peer: Connection
  readonly startedMs: number
  /** The client's id for the message; without one there is no ack. */
  id: string | undefined
  /** What shall be kept with the first append. */
  mark: ClientMark | undefined
  /** Where the first event of this message stands. */
  seq: number | undefined
  isAnswered = false
  readonly #batch: Batch | undefined
  #followers: Turn[] | undefined
  #told: ((error?: RoomError) => void) | undefined
  #appends: Promise<number>[] | undefined
  #latest: Promise<unknown> | undefined

  constructor(peer: Connection, startedMs: number, batch?: Batch) {
    this.peer = peer
    this.startedMs = startedMs
    peer.asked()
    this.#batch = batch
  }

  /** The same message said again while this was handled; they get the same answer. */
  get followers(): readonly Turn[] {
    return this.#followers ?? []
  }

  follow(turn: Turn): void {
    this.#followers ??= []
    this.#followers.push(turn)
  }

  /** It has its answer: an error, or none. Once for each turn, or its peer's messages are counted wrongly. */
  answer(error?: RoomError): void {
    this.isAnswered = true
    this.peer.answered()
    this.#told?.(error)
  }

  /** Resolves when the turn it follows is answered; rejects with the error that one was answered with. */
  outcome(): Promise<void> {
    const outcome = new Promise<void>((resolve, reject) => {
      this.#told = (error) => (error ? reject(error) : resolve())
    })
    // It may be waited for later than it comes.
    outcome.catch(() => {})
    return outcome
  }

  /** Appends what the handler published: at once, or with the batch this message is part of. */
  append(log: RoomLog, draft: Draft): number | Promise<number> {
    const appended = this.#batch ? this.#batch.stage(draft, this) : log.append([draft], this.#takeMark(0))
    if (typeof appended === 'number') this.seq ??= appended
    else this.#wait(appended)
    return appended
  }

  /** Keeps the mark of a message that published nothing, so that its retry is known too. */
  remember(log: RoomLog): void {
    if (!this.mark || this.#batch) return
    const kept = log.append([], this.#takeMark(undefined))
    if (typeof kept !== 'number') this.#wait(kept.then(() => this.seq ?? 0))
  }

  /** What the handler was given for its latest publish. */
  set latest(told: Promise<unknown>) {
    this.#latest = told
  }

  /** A handler that only returns what `publish` gave it has ended: its peer's next message need not wait for the log. */
  hasEnded(result: unknown): boolean {
    return !(result instanceof Promise) || result === this.#latest
  }

  /** Resolves when all that was appended is kept; rejects when some of it is not. `undefined`: nothing is pending. */
  kept(): Promise<void> | undefined {
    if (!this.#appends) return undefined
    return Promise.all(this.#appends).then((seqs) => {
      if (seqs[0]) this.seq ??= seqs[0]
    })
  }

  #wait(appended: Promise<number>): void {
    this.#appends ??= []
    this.#appends.push(appended)
  }

  #takeMark(draft: number | undefined): Mark[] {
    if (!this.mark) return []
    const mark = { ...this.mark, draft }
    this.mark = undefined
    return [mark]
  }
}

/** Messages whose events are kept together, all or none. */
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

  get isEmpty(): boolean {
    return this.#drafts.length === 0
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
    const told = this.#told
    this.#told = []
    try {
      const first = await this.#log.append(this.#drafts.splice(0), [...this.#marks.splice(0), ...silent])
      for (const [index, { resolve }] of told.entries()) resolve(first + index)
    } catch (error) {
      for (const { reject } of told) reject(error)
      throw error
    }
  }

  /** Drops what is held back. */
  discard(): void {
    this.#drafts.length = 0
    const dropped = new RoomError('unavailable', 'another message of the batch failed, nothing of it is kept')
    for (const { reject } of this.#told.splice(0)) reject(dropped)
  }
}
