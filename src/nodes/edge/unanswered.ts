/**
 * The messages of a peer that wait for an answer, where its room may be on another node: each gets a number of the edge, by
 * which its answer is known. One whose owner does not answer in time is answered here, and what the owner says of it later
 * is dropped, so that each gets one answer. `edge-session.ts` owns one.
 */
import type { Clock } from '../../clock.ts'
import type { JsonBounds } from '../../config/mount.ts'
import { Frame } from '../../delivery/frame.ts'
import { idOf } from '../../room/protocol.ts'

/** Below the 5 s in which everything is answered. */
export const ANSWER_MS = 4500
/** An owner answers within 5 s, so that after this nothing more comes. */
const LATE_MS = 10_000

/** A message that is to be answered: by the client's id, or by its transport's number. */
export interface Owed {
  readonly id: string | undefined
  readonly ref: number | undefined
  /** The number of the edge: below 0, as no transport has them. */
  readonly number: number
  /** When it is answered here, monotonic ms. */
  readonly deadlineMs: number
  /** The room was told of it, so that it may answer. */
  isSaid: boolean
}

/** A message that was answered here, and that its room may answer still. */
interface Late {
  readonly id: string | undefined
  readonly untilMs: number
}

export class Unanswered {
  /** Oldest first. */
  readonly #owed = new Map<number, Owed>()
  #late: Late[] = []
  /** How many were answered here that the room may answer under their number. */
  #givenUp = 0
  #last = 0
  readonly #clock: Clock
  /** Called for one whose time is over. */
  readonly #timedOut: (owed: Owed) => void
  #cancel: (() => void) | undefined

  constructor(clock: Clock, timedOut: (owed: Owed) => void) {
    this.#clock = clock
    this.#timedOut = timedOut
  }

  /** Nothing that the room says needs to be looked at. */
  get isEmpty(): boolean {
    return this.#owed.size === 0 && this.#givenUp === 0 && this.#late.length === 0
  }

  /** Nothing waits for an answer. */
  get isQuiet(): boolean {
    return this.#owed.size === 0
  }

  /** Notes a message; `undefined`: it asks for no answer. */
  add(data: string | Uint8Array, ref: number | undefined, bounds: JsonBounds): Owed | undefined {
    if (typeof data !== 'string') return undefined
    const id = mayHaveId(data) ? idOf(data, bounds) : undefined
    if (id === undefined && ref === undefined) return undefined
    this.#last -= 1
    const owed = { id, ref, number: this.#last, deadlineMs: this.#clock.monotonic() + ANSWER_MS, isSaid: false }
    this.#owed.set(owed.number, owed)
    this.#arm()
    return owed
  }

  /** The frames as the peer may hear them: answers under its own numbers, without those that come too late. */
  pass(frames: readonly Frame[]): readonly Frame[] {
    if (frames.every(({ answer }) => answer === undefined)) return frames
    return frames.flatMap((frame) => this.#heard(frame))
  }

  #heard(frame: Frame): Frame | readonly Frame[] {
    const { answer } = frame
    if (!answer) return frame
    if (answer.ref === undefined) return this.#isLate(answer.id) ? [] : frame
    if (answer.ref >= 0) return frame
    const owed = this.#owed.get(answer.ref)
    if (!owed) {
      this.#givenUp -= 1
      return []
    }
    this.#owed.delete(answer.ref)
    return renumbered(frame, owed.ref)
  }

  /** After its link was lost and found, a room answers what was said before without a number. */
  #isLate(id: string | undefined): boolean {
    const at = this.#late.findIndex((late) => late.id === id)
    if (at >= 0) this.#late.splice(at, 1)
    return at >= 0
  }

  #arm(): void {
    const next = this.#owed.values().next().value
    if (next) this.#cancel ??= this.#clock.after(next.deadlineMs - this.#clock.monotonic(), this.#due)
  }

  #due = (): void => {
    this.#cancel = undefined
    const nowMs = this.#clock.monotonic()
    for (const owed of this.#give(({ deadlineMs }) => deadlineMs <= nowMs)) this.#timedOut(owed)
    this.#arm()
  }

  /** Nobody waits for an answer any more. */
  end(): void {
    this.#cancel?.()
    this.#owed.clear()
  }

  /** Takes those that a room was told of from which no answer is waited for any more. */
  takeSaid(): Owed[] {
    return this.#give(({ isSaid }) => isSaid)
  }

  /** Its room is on another node now, which knows nothing of what was said before. */
  forgetLate(): void {
    this.#late = []
    this.#givenUp = 0
  }

  #give(which: (owed: Owed) => boolean): Owed[] {
    const nowMs = this.#clock.monotonic()
    const given = this.#owed.values().filter(which).toArray()
    for (const { number } of given) this.#owed.delete(number)
    this.#late = this.#late.filter(({ untilMs }) => untilMs > nowMs)
    const said = given.filter(({ isSaid }) => isSaid)
    this.#givenUp += said.length
    for (const { id } of said) if (id !== undefined) this.#late.push({ id, untilMs: nowMs + LATE_MS })
    return given
  }
}

/** A key may be written with escapes. */
function mayHaveId(text: string): boolean {
  return text.includes('"id"') || text.includes('\\u')
}

function renumbered({ type, data, seq, time, answer, after }: Frame, ref: number | undefined): Frame {
  const frame = new Frame(type, data, seq, time, answer && { ...answer, ref })
  frame.after = after
  return frame
}
