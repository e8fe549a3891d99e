/** An owner of rooms that says to an edge what the test says, and notes what the edge says. */
import { Frame, json } from '../../src/delivery/frame.ts'
import type { LinkListener } from '../../src/nodes/link.ts'
import type { Bringing, ToEdge, ToOwner } from '../../src/nodes/link-message.ts'
import type { CoupledLink } from './coupled-link.ts'

type Without<T> = T extends unknown ? Omit<T, 'place'> : never
type Untold = Without<ToEdge>

export class ScriptedOwner {
  readonly heard: ToOwner[] = []
  link!: CoupledLink
  /** The latest attach. */
  place = 0
  epoch: string
  seq: number
  /** Whether it lets in who attaches or asks for a place. */
  isOpen = true

  /** What it answers to who asks for a place. */
  onReserve: () => unknown = () => ({ resumes: true })

  constructor(epoch = 'e'.repeat(32), seq = 8) {
    this.epoch = epoch
    this.seq = seq
  }

  readonly accept = (link: CoupledLink): LinkListener => {
    this.link = link
    return { message: (message) => this.#hear(message as ToOwner), over() {} }
  }

  get brought(): Bringing[] {
    return this.heard.flatMap((message) => {
      if (message.op === 'attach') return message.peers
      return message.op === 'join' ? [message.peer] : []
    })
  }

  of<O extends ToOwner['op']>(op: O): Extract<ToOwner, { op: O }>[] {
    return this.heard.filter((message): message is Extract<ToOwner, { op: O }> => message.op === op)
  }

  /** Says to one session. */
  say(session: number, ...frames: readonly Frame[]): void {
    this.#send({ op: 'items', place: this.place, items: [{ to: 'one', session, frames }] })
  }

  enter(session: number): void {
    this.#send({ op: 'items', place: this.place, items: [{ to: 'enter', session }] })
  }

  all(frame: Frame): void {
    this.#send({ op: 'items', place: this.place, items: [{ to: 'all', frame, except: undefined }] })
  }

  attached(): void {
    const { place, epoch, seq } = this
    this.#send({ op: 'attached', place, term: 1, epoch, seq, newcomerAfter: Math.max(0, seq - 5) })
  }

  welcome(after: number, resumed?: boolean): Frame {
    const { epoch, seq } = this
    const frame = new Frame(
      'welcome',
      json({ room: '/room', you: { id: 'x', name: 'x' }, epoch, first: 1, seq, resumed }),
    )
    frame.after = after
    return frame
  }

  /** Says anything of its place. */
  tell(message: Untold): void {
    this.#send({ place: this.place, ...message })
  }

  #send(message: ToEdge): void {
    this.link.send(message)
  }

  #hear(message: ToOwner): void {
    this.heard.push(message)
    if (message.op === 'attach') {
      this.place = message.place
      if (this.isOpen) this.attached()
    }
    if (message.op === 'reserve') this.link.answer(message.ask, () => this.onReserve())
  }
}

/** A kept event. */
export function event(seq: number): Frame {
  return new Frame('said', json(`event ${seq}`), seq, 1)
}
