/**
 * A member of the room under test, over its successive connections, and the two kinds of test peers that wrap it.
 * `testing.ts` joins it; each connection is a `test-wire.ts`.
 */

import type { Member } from '../define.ts'
import type { Frame } from '../delivery/frame.ts'
import { payloadOf } from '../delivery/payload.ts'
import { InvalidError, RepeatedError, RoomError } from '../errors.ts'
import type { Random } from '../random.ts'
import type { HostedRoom } from '../room/hosted-room.ts'
import type { Session, Visitor } from '../room/session.ts'
import type { RawTestPeer, TestPeer } from './test-peer.ts'
import { TestWire } from './test-wire.ts'

type Payload = string | Uint8Array

/** Frames of the protocol, which are no events of the room. */
const PROTOCOL = ['welcome', 'ack', 'error']

export interface TestMemberParts {
  /** The room of the moment: a restart replaces it. */
  readonly room: () => HostedRoom
  readonly visitor: Visitor
  readonly random: Random
  readonly errors: readonly unknown[]
  readonly patienceMs: number
}

export class TestMember {
  readonly #parts: TestMemberParts
  /** The seq of the newest event it received. */
  #seq = 0
  /** The peer that the room module sees. */
  peer: Member
  wire: TestWire
  #session: Session | undefined

  constructor(parts: TestMemberParts) {
    this.#parts = parts
    this.wire = new TestWire(parts.errors, parts.patienceMs)
    this.peer = this.#join()
  }

  receive(data: Payload): void {
    this.#session?.receive(data)
  }

  /** A new message id. */
  newId(): string {
    return this.#parts.random.id()
  }

  /** Closes the connection. */
  leave(): void {
    this.wire.lose()
    this.#session?.gone(false)
  }

  /** Loses the connection. */
  drop(): void {
    this.wire.lose()
    this.#session?.gone(true)
  }

  /** Its server was killed: the room hears nothing of it. */
  serverGone(): void {
    this.wire.drop()
  }

  /** Reconnects and resumes. */
  rejoin(): void {
    this.wire = this.wire.next()
    this.peer = this.#join()
  }

  #join(): Member {
    const { wire } = this
    const { visitor } = this.#parts
    const room = this.#parts.room()
    const isBack = this.#session !== undefined
    if (room.kind === 'raw') this.#session = room.join(visitor, wire, undefined)
    else {
      wire.onFrame = ({ type, seq, data }) => {
        const newest = type === 'welcome' && !isBack ? JSON.parse(String(data)).seq : seq
        this.#seq = Math.max(this.#seq, newest)
      }
      this.#session = room.join(visitor, wire, isBack ? room.readers.offset(this.#seq) : undefined)
    }
    // A peer that its own `join` has refused is no member.
    return room.present.withKey(visitor.client) ?? visitor
  }
}

export function rawPeer(member: TestMember): RawTestPeer {
  return {
    id: member.peer.id,
    get name() {
      return member.peer.name
    },
    get closed() {
      return member.wire.closed
    },
    send: (data) => member.receive(data),
    next: async () => {
      const { data } = await member.wire.frame('message', () => true)
      return typeof data === 'string' ? data : new Uint8Array(data)
    },
    drop: () => member.drop(),
    rejoin: () => member.rejoin(),
    leave: () => member.leave(),
  }
}

export function eventPeer(member: TestMember): TestPeer {
  // A cast, since `send` and `next` depend on the message types of the module, which exist only for the caller.
  return {
    id: member.peer.id,
    get name() {
      return member.peer.name
    },
    get closed() {
      return member.wire.closed
    },
    drop: () => member.drop(),
    rejoin: () => member.rejoin(),
    leave: () => member.leave(),
    say: (text) => member.receive(text),
    async send(type: string, data: unknown, options: { id?: string } = {}) {
      const id = options.id ?? member.newId()
      member.receive(JSON.stringify({ type, data, id }))
      const isAnswer = ({ answer }: Frame) => answer?.id === id
      const answer = eventOf(await member.wire.answer(`the answer to "${type}"`, isAnswer))
      if (answer.type !== 'error') return answer
      const { code, message, issues, details } = answer.data
      if (answer.duplicate) throw new RepeatedError(code, message, details)
      throw issues ? new InvalidError(code, message, issues) : new RoomError(code, message, details)
    },
    async next(type?: string) {
      const isWanted = (frame: Frame) =>
        frame.type !== undefined && !PROTOCOL.includes(frame.type) && (type === undefined || frame.type === type)
      return eventOf(await member.wire.frame(type ?? 'event', isWanted))
    },
  } as TestPeer
}

/** Parses a frame as a client does. */
function eventOf(frame: Frame) {
  return JSON.parse(String(payloadOf(frame)))
}
