/**
 * One connection to a model. Calls go out in order and arrive in order, and so do their answers; how long each takes is
 * the test's. When it dies, its answers are lost, while what was sent may still arrive: those calls run then, and nobody
 * hears of them.
 */
import type { Clock } from '../../../src/clock.ts'
import type { Answer } from './answer.ts'
import { CommandError } from './answer.ts'

/** What a call does at the server: it answers, at once or later, or throws a `CommandError`. */
export type Work = () => Answer | Blocking

/** An answer that comes later. Until then nothing that arrives on the connection runs. */
export class Blocking {
  readonly begin: (done: (answer: Answer) => void) => void

  constructor(begin: (done: (answer: Answer) => void) => void) {
    this.begin = begin
  }
}

/** How long a call takes to arrive, and its answer to come back. `held`: until the test moves it on. */
export interface Pace {
  readonly callMs: number | 'held'
  readonly answerMs: number | 'held'
}

export interface Call {
  readonly name: string
  readonly work: Work
  readonly pace: Pace
  readonly answered: (answer: Answer) => void
  readonly refused: (error: CommandError) => void
  readonly lost: () => void
}

/** The server's side: whether it takes a call in now. While it is frozen calls wait, in order. */
export interface Inbox {
  receive(run: () => void): void
}

interface Ready {
  readonly call: Call
  readonly deliver: () => void
}

export class Connection {
  readonly #clock: Clock
  readonly #inbox: Inbox
  readonly #sent: Call[] = []
  /** What arrived and does not run yet: the server is frozen. */
  readonly #arrived = new Set<Call>()
  readonly #answers: Ready[] = []
  /** What arrived while an earlier call was blocking. */
  readonly #blocked: Call[] = []
  #blocking: Call | undefined
  /** How many calls had written when the last one of this connection did. */
  written = 0
  #arrivesAt = 0
  #answersAt = 0
  #isDead = false

  constructor(clock: Clock, inbox: Inbox) {
    this.#clock = clock
    this.#inbox = inbox
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /** The names of the calls that have not arrived yet, oldest first. */
  get sent(): readonly string[] {
    return this.#sent.map(({ name }) => name)
  }

  /** The names of the calls that ran and whose answers are on their way. */
  get executed(): readonly string[] {
    return this.#answers.map(({ call }) => call.name)
  }

  send(call: Call): void {
    this.#sent.push(call)
    const { callMs } = call.pace
    if (callMs === 'held') return
    if (callMs === 0 && this.#sent.length === 1) this.arrive()
    else this.#arrivesAt = this.#after(this.#arrivesAt, callMs, () => this.arrive())
  }

  /** The oldest call that was sent arrives. */
  arrive(): void {
    const call = this.#sent.shift()
    if (!call) return
    this.#arrived.add(call)
    this.#inbox.receive(() => {
      this.#arrived.delete(call)
      this.#execute(call)
    })
  }

  /** The oldest answer comes back. */
  answer(): void {
    this.#answers.shift()?.deliver()
  }

  /** It dies. Calls without an answer are lost to who made them; those not arrived yet may still arrive. */
  cut(): void {
    if (this.#isDead) return
    this.#isDead = true
    const unanswered = [
      ...this.#answers.splice(0).map(({ call }) => call),
      ...this.#blocked.splice(0),
      ...this.#arrived,
      ...this.#sent,
    ]
    if (this.#blocking) {
      unanswered.unshift(this.#blocking)
      // A real Redis lets go of what such a client had sent.
      this.#sent.length = 0
    }
    for (const call of unanswered) call.lost()
  }

  /** What was sent never arrives: the process it was sent to is gone. */
  drop(): void {
    this.cut()
    this.#sent.length = 0
  }

  #execute(call: Call): void {
    if (this.#blocking) {
      this.#blocked.push(call)
      return
    }
    try {
      const answer = call.work()
      if (answer instanceof Blocking) this.#block(call, answer)
      else this.#ready(call, () => call.answered(answer))
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      this.#ready(call, () => call.refused(error))
    }
  }

  #block(call: Call, { begin }: Blocking): void {
    this.#blocking = call
    begin((answer) => {
      if (this.#isDead) return
      this.#blocking = undefined
      this.#ready(call, () => call.answered(answer))
      for (const next of this.#blocked.splice(0)) this.#execute(next)
    })
  }

  #ready(call: Call, deliver: () => void): void {
    if (this.#isDead) return
    const { answerMs } = call.pace
    this.#answers.push({ call, deliver })
    if (answerMs === 'held') return
    if (answerMs === 0 && this.#answers.length === 1) this.answer()
    else this.#answersAt = this.#after(this.#answersAt, answerMs, () => this.answer())
  }

  /** Not before what was sent earlier. */
  #after(earliest: number, ms: number, fn: () => void): number {
    const at = Math.max(earliest, this.#clock.monotonic() + ms)
    this.#clock.after(at - this.#clock.monotonic(), fn)
    return at
  }
}
