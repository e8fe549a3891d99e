/**
 * An edge's place in a room of this node: the sessions of its peers, and the relay through which the room reaches them, in
 * one order. It holds the room open. `guest-link.ts` makes it and hands in what the edge says.
 */
import type { Frame } from '../../delivery/frame.ts'
import type { Backlog } from '../../delivery/pressure.ts'
import { Close, type CloseReason } from '../../errors.ts'
import { microtask } from '../../microtask.ts'
import type { OpenRoom, Sender } from '../../room/open-room.ts'
import type { Session } from '../../room/session.ts'
import type { Bringing, NodeId, RelayItem, ToEdge } from '../link-message.ts'
import { type GuestRelay, GuestWire } from './guest-wire.ts'

/** What it needs of its link. */
export interface PlaceLink {
  readonly node: NodeId
  send(message: ToEdge): void
}

/** A peer in it. */
interface Guest {
  readonly session: Session & Partial<Sender>
  readonly wire: GuestWire
  readonly isClient: boolean
}

export class GuestPlace implements GuestRelay {
  readonly number: number
  readonly path: string
  readonly node: NodeId
  /** The bytes that wait on its link. */
  readonly backlog: Backlog
  readonly #link: PlaceLink
  readonly #guests = new Map<number, Guest>()
  readonly #entered = new Set<number>()
  #items: RelayItem[] = []
  #isFlushDue = false
  #quiet: PromiseWithResolvers<void> | undefined

  constructor(link: PlaceLink, backlog: Backlog, number: number, path: string) {
    this.#link = link
    this.node = link.node
    this.backlog = backlog
    this.number = number
    this.path = path
  }

  /** How many peers it has. */
  get size(): number {
    return this.#guests.size
  }

  guest(session: number): Guest | undefined {
    return this.#guests.get(session)
  }

  /** Joins a peer to the room, or joins it again. */
  bring(room: OpenRoom, { session, visitor, offset, isMoved, begunMs }: Bringing): void {
    const wire = new GuestWire(this, session)
    const named = { ...visitor, isMoved, begunMs, session: ` ${this.node} ${session}` }
    // Brought again, it is not replaced by itself.
    this.#guests.get(session)?.wire.lost()
    const joined = room.join(named, wire, offset)
    // It may have been ended within its join.
    if (!wire.isOver) this.#guests.set(session, { session: joined, wire, isClient: visitor.client !== undefined })
  }

  /** The edge says that the connection of a peer is gone. */
  gone(session: number, isLost: boolean): void {
    const guest = this.#forget(session)
    guest?.wire.lost()
    // One that is not known again by its client is gone for good.
    guest?.session.gone(isLost && guest.isClient)
  }

  /** The edge is gone: its peers are waited for. */
  lost(): void {
    const guests = [...this.#guests.values()]
    this.#guests.clear()
    this.#entered.clear()
    this.#items = []
    for (const { wire } of guests) wire.lost()
    for (const { session } of guests) session.gone(true)
    this.#quiet?.resolve()
  }

  /** Asks the edge to hold messages back. Resolves when none comes any more. */
  moving(): Promise<void> {
    this.#quiet ??= Promise.withResolvers()
    this.send({ op: 'moving', place: this.number })
    return this.#quiet.promise
  }

  quiet(): void {
    this.#quiet?.resolve()
  }

  /** Sends a message of this place, after all items before. */
  send(message: ToEdge): void {
    this.flush()
    this.#link.send(message)
  }

  sendToAll(frame: Frame, except: number | undefined): void {
    if (this.#entered.size > 0) this.#push({ to: 'all', frame, except })
  }

  sendToOne(session: number, frames: readonly Frame[]): void {
    this.#push({ to: 'one', session, frames })
  }

  enter(session: number): void {
    this.#entered.add(session)
    this.#push({ to: 'enter', session })
  }

  leave(session: number): void {
    if (this.#entered.delete(session)) this.#push({ to: 'leave', session })
  }

  rest(session: number, ms: number): void {
    this.send({ op: 'rest', place: this.number, session, ms })
  }

  end(session: number, reason: CloseReason | undefined): void {
    this.#forget(session)
    const place = this.number
    if (!reason) this.send({ op: 'drop', place, session })
    // The whole room moves: `over` says so for all of them.
    else if (reason !== Close.moved) this.send({ op: 'close', place, session, reason })
  }

  flush(): void {
    const items = this.#items
    if (items.length === 0) return
    this.#items = []
    this.#link.send({ op: 'items', place: this.number, items })
  }

  #forget(session: number): Guest | undefined {
    const guest = this.#guests.get(session)
    this.#guests.delete(session)
    this.#entered.delete(session)
    return guest
  }

  /** Pages of history are flushed by nobody else. */
  #push(item: RelayItem): void {
    this.#items.push(item)
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    microtask(() => {
      this.#isFlushDue = false
      this.flush()
    })
  }
}
