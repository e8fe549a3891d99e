/**
 * The session of a peer whose connection this node holds: all that its transport has of a room, wherever that lives and
 * moves. At a home of the room it leads to the session there. Between two homes what the peer says waits, and what was
 * said to the former one is answered as not known. `edge-room.ts` makes it at each join.
 */
import type { Frame } from '../../delivery/frame.ts'
import type { Wire } from '../../delivery/wire.ts'
import { Close, type CloseReason, RoomError } from '../../errors.ts'
import { timedOut } from '../../room/answers.ts'
import type { EventSession, Posted, Posting } from '../../room/open-room.ts'
import { unknownPeer } from '../../room/post-rate.ts'
import { error as errorFrame, idOf, type Message } from '../../room/protocol.ts'
import type { Visitor } from '../../room/session.ts'
import type { Limit } from '../../tally.ts'
import type { Bringing, NodeId } from '../link-message.ts'
import { EdgeWire, type WireOwner } from './edge-wire.ts'
import { HeldMessages, REST_BYTES } from './held-messages.ts'
import type { EdgePeer, HomeSession, RoomHome } from './room-home.ts'
import type { SessionRoom } from './session-room.ts'
import { type Owed, Unanswered } from './unanswered.ts'

/** How long a peer of which much waits is not read. */
const REST_MS = 100

/** Who comes, and over which connection. */
export interface Arrival {
  readonly number: number
  readonly visitor: Visitor
  readonly wire: Wire
  readonly offset: string | undefined
  readonly begunMs: number
}

export class EdgeSession implements EventSession, EdgePeer, WireOwner {
  readonly wire: EdgeWire
  isOver = false
  readonly #room: SessionRoom<EdgeSession>
  readonly #arrival: Arrival
  /** `undefined`: nothing that it said was for another node, or had to wait. */
  #unanswered: Unanswered | undefined
  #held: HeldMessages | undefined
  #home: RoomHome | undefined
  #session: HomeSession | undefined
  /** Where it resumes: as it first came, until something was written to it. */
  #offset: string | undefined
  #isMoved = false
  /** It is about to be ended, and only its answers are waited for. */
  #isLeaving = false
  /** The node of its former home; `undefined`: it was here. */
  #formerNode: NodeId | undefined
  /** Between two homes nobody else sees its token end. */
  #cancelExpiry: (() => void) | undefined

  constructor(room: SessionRoom<EdgeSession>, arrival: Arrival) {
    this.#room = room
    this.#arrival = arrival
    this.#offset = arrival.offset
    this.wire = new EdgeWire(arrival.wire, this)
  }

  /** Where it is now; `undefined`: between two homes. */
  get home(): RoomHome | undefined {
    return this.#home
  }

  /** Nothing that it said waits for an answer. */
  get isQuiet(): boolean {
    return this.#unanswered?.isQuiet ?? true
  }

  receive(data: string | Uint8Array, ref?: number): void {
    if (this.isOver) return
    if (this.#isLeaving && this.#room.kind === 'event') {
      this.#turnBack(data, ref)
      return
    }
    const session = this.#session
    const isHeld = !session || this.#room.isHolding
    if (!isHeld && this.#home?.node === undefined) {
      session.receive(data, ref)
      return
    }
    const owed = this.#note(data, ref)
    if (isHeld) {
      this.#hold(data, ref, owed)
      return
    }
    say(session, data, ref, owed)
  }

  async post(messages: readonly Message[], how: Posting = {}): Promise<Posted> {
    if (!this.#session || this.#room.isHolding) await this.#room.settled()
    if (how.isLate?.()) throw timedOut()
    if (this.isOver) throw unknownPeer()
    if (!this.#session?.post) throw hasMoved()
    return this.#session.post(messages, how)
  }

  gone(isLost: boolean): void {
    this.#session?.gone(isLost)
    this.ended()
  }

  end(reason: CloseReason): void {
    if (this.isOver) return
    if (this.#session) this.#session.end(reason)
    else this.wire.close(reason)
  }

  /** What it says from now on is refused. */
  refuseMore(): void {
    this.#isLeaving = true
  }

  /** This node ends: the peer comes back over another, and its room waits for it. */
  dismiss(reason: CloseReason): void {
    if (this.isOver) return
    const session = this.#session
    session?.flush()
    this.#session = undefined
    session?.gone(true)
    this.wire.close(reason)
  }

  cutSlow(limit: Limit): void {
    if (this.isOver) return
    if (this.#session) this.#session.cutSlow(limit)
    else this.wire.close(Close.slow)
  }

  flush(): void {
    this.#session?.flush()
  }

  bringing(home: RoomHome): Bringing {
    const { number, visitor, begunMs } = this.#arrival
    this.#home = home
    this.wire.begin()
    return { session: number, visitor, offset: this.#offset, isMoved: this.#isMoved, begunMs }
  }

  arrive(home: RoomHome, session: HomeSession): void {
    // It may have been ended, or have lost that home, within its join.
    if (this.isOver || this.#home !== home) return
    this.#session = session
    if (home.node !== this.#formerNode) this.#unanswered?.forgetLate()
    this.#cancelExpiry?.()
    this.#cancelExpiry = undefined
    this.say()
  }

  /** Says what was held back, if the room takes it now. */
  say(): void {
    const held = this.#held
    const session = this.#session
    if (!held || !session || this.#room.isHolding) return
    this.#held = undefined
    for (const { data, ref, owed } of held.take()) {
      // The room may end it, or move, for the first of them.
      if (this.#session !== session) this.#hold(data, ref, owed)
      else say(session, data, ref, owed)
    }
  }

  /** The room has gone from its home. What is not answered there is not known. */
  moved(): boolean {
    const home = this.#home
    if (!home || this.isOver) return true
    // One that was about to join is no worse off than one that comes later.
    if (!this.#room.isFollowed && this.#session) return false
    const { clock } = this.#room
    const { seq, hasBegun } = this.wire
    if (seq !== undefined) this.#offset = home.offset(seq)
    this.#isMoved ||= hasBegun || (this.#room.kind === 'raw' && this.#session !== undefined)
    this.#home = this.#session = undefined
    this.#formerNode = home.node
    for (const owed of this.#unanswered?.takeSaid() ?? []) this.#refuse(owed, hasMoved())
    const { untilMs } = this.#arrival.visitor
    if (untilMs !== undefined) this.#cancelExpiry ??= clock.after(untilMs - clock.now(), () => this.end(Close.expired))
    this.#room.departed(this, home)
    return true
  }

  heard(frames: readonly Frame[]): readonly Frame[] {
    const unanswered = this.#unanswered
    return unanswered === undefined || unanswered.isEmpty ? frames : unanswered.pass(frames)
  }

  ended(): void {
    if (this.isOver) return
    this.isOver = true
    this.wire.over()
    this.#unanswered?.end()
    this.#cancelExpiry?.()
    this.#held?.take()
    this.#room.ended(this)
  }

  #turnBack(data: string | Uint8Array, ref: number | undefined): void {
    const id = typeof data === 'string' ? idOf(data, this.#room.json) : undefined
    this.#refuse(
      { id, ref },
      new RoomError('unavailable', 'this connection is being closed, send it again over the next one'),
    )
  }

  #hold(data: string | Uint8Array, ref: number | undefined, owed: Owed | undefined): void {
    if (this.isOver) return
    if (!this.#held) this.#room.hurry()
    this.#held ??= new HeldMessages(this.#room.held)
    if (!this.#held.add({ data, ref, owed })) this.end(Close.busy)
    else if (this.#held.bytes > REST_BYTES) this.wire.rest(REST_MS)
  }

  #note(data: string | Uint8Array, ref: number | undefined): Owed | undefined {
    const { kind, json, clock } = this.#room
    if (kind === 'raw') return undefined
    this.#unanswered ??= new Unanswered(clock, (owed) => this.#isLate(owed))
    return this.#unanswered.add(data, ref, json)
  }

  #isLate(owed: Owed): void {
    if (!owed.isSaid) this.#held?.drop(owed)
    this.#refuse(owed, timedOut())
  }

  /** After all that the room has sent. */
  #refuse({ id, ref }: Pick<Owed, 'id' | 'ref'>, error: RoomError): void {
    this.#session?.flush()
    this.wire.answer(errorFrame(id, error, ref))
  }
}

function say(session: HomeSession, data: string | Uint8Array, ref: number | undefined, owed: Owed | undefined): void {
  if (owed) owed.isSaid = true
  session.receive(data, owed ? owed.number : ref)
}

function hasMoved(): RoomError {
  return new RoomError('unavailable', 'the room has moved, send it again with the same id')
}
