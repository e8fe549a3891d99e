/**
 * The messages of a peer that wait for an answer, where its room may be on another node: one whose owner does not answer in
 * time is answered here, and what the owner says of it later is dropped, so that each gets one answer. `edge-session.ts`
 * owns one.
 */
import type { JsonBounds } from '../../config/mount.ts'
import type { Answer, Frame } from '../../delivery/frame.ts'
import { idOf } from '../../room/protocol.ts'

/** Below the 5 s in which everything is answered. */
export const ANSWER_MS = 4500

/** A message that is to be answered: by the client's id, or by its transport's number. */
export interface Owed {
  readonly id: string | undefined
  readonly ref: number | undefined
  /** When it is answered here, monotonic ms. */
  readonly deadlineMs: number
  /** The room was told of it, so that it may answer. */
  isSaid: boolean
}

export class Unanswered {
  /** Oldest first. */
  #owed: Owed[] = []
  /** Answered here, and still to be answered by the room. */
  #late: Owed[] = []

  /** Nothing that the room says needs to be looked at. */
  get isEmpty(): boolean {
    return this.#owed.length === 0 && this.#late.length === 0
  }

  /** When the next must be answered. */
  get nextMs(): number | undefined {
    return this.#owed[0]?.deadlineMs
  }

  /** Notes a message; `undefined`: it asks for no answer. */
  add(data: string | Uint8Array, ref: number | undefined, bounds: JsonBounds, nowMs: number): Owed | undefined {
    if (typeof data !== 'string') return undefined
    const id = mayHaveId(data) ? idOf(data, bounds) : undefined
    if (id === undefined && ref === undefined) return undefined
    const owed = { id, ref, deadlineMs: nowMs + ANSWER_MS, isSaid: false }
    this.#owed.push(owed)
    return owed
  }

  /** The frames that may be heard: all but answers that come too late. */
  pass(frames: readonly Frame[]): readonly Frame[] {
    if (frames.every(({ answer }) => answer === undefined)) return frames
    const passed = frames.filter((frame) => this.#isHeard(frame))
    return passed.length === frames.length ? frames : passed
  }

  #isHeard({ answer }: Frame): boolean {
    if (!answer) return true
    if (take(this.#late, answer)) return false
    take(this.#owed, answer)
    return true
  }

  /** Takes those whose time is over. */
  takeDue(nowMs: number): Owed[] {
    const count = this.#owed.findIndex(({ deadlineMs }) => deadlineMs > nowMs)
    const due = this.#owed.splice(0, count < 0 ? this.#owed.length : count)
    this.#late.push(...due.filter(({ isSaid }) => isSaid))
    return due
  }

  /** Takes one that is answered here before its time. */
  take(owed: Owed): void {
    this.#owed = this.#owed.filter((other) => other !== owed)
  }

  /** Takes those that a room was told of which answers nothing any more. */
  takeSaid(): Owed[] {
    const said = this.#owed.filter(({ isSaid }) => isSaid)
    this.#owed = this.#owed.filter(({ isSaid }) => !isSaid)
    this.#late = []
    return said
  }
}

/** A key may be written with escapes. */
function mayHaveId(text: string): boolean {
  return text.includes('"id"') || text.includes('\\u')
}

/** Removes the first that an answer belongs to. Mostly it is the very first. */
function take(from: Owed[], { id, ref }: Answer): boolean {
  const at = from.findIndex((owed) => (ref === undefined ? owed.ref === undefined && owed.id === id : owed.ref === ref))
  if (at >= 0) from.splice(at, 1)
  return at >= 0
}
