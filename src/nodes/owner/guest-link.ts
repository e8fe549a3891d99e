/**
 * The owner's part of a link that an edge has dialled: it hands each message to the place that the message names. What
 * comes for a place that is still being found waits; what comes for one that is over is dropped, and its questions fail.
 * `guests.ts` makes it for each link, and finds the rooms.
 */
import type { Backlog } from '../../delivery/pressure.ts'
import { RoomError } from '../../errors.ts'
import type { OpenRoom } from '../../room/open-room.ts'
import type { Reservation } from '../../room/reservation.ts'
import { justClosed } from '../../room/room-refusals.ts'
import type { Link, LinkListener } from '../link.ts'
import type { ToEdge, ToOwner } from '../link-message.ts'
import { GuestPlace } from './guest-place.ts'

type Attach = Extract<ToOwner, { op: 'attach' }>
type Reserve = Extract<ToOwner, { op: 'reserve' }>
type Post = Extract<ToOwner, { op: 'post' }>

/** A link as it is used here. */
export type EdgeLink = Pick<Link, 'node' | 'send' | 'answer' | 'close' | 'isOver' | 'waitingBytes'>

/** A place that was asked for, and the room once it is found. */
export interface Attached {
  readonly place: GuestPlace
  /** `undefined`: it is being found, or its peers are being brought. */
  room: OpenRoom | undefined
  /** Messages that wait for that. */
  readonly waiting: ToOwner[]
  /** What is kept for peers that are about to join, by the number of their question. */
  readonly reserved: Map<number, Reservation>
  isOver: boolean
  release: () => void
}

export interface GuestLinkParts {
  /** Finds the room of a place. Calls `attached.room` into being, or ends it. */
  readonly attach: (link: GuestLink, attached: Attached, message: Attach) => void
  /** Keeps a place for a peer. Throws or rejects with a `Refusal`, or the `RoomError` that `join` refused it with. */
  readonly reserve: (attached: Attached, message: Reserve) => Reservation | Promise<Reservation>
  readonly detached: (attached: Attached) => void
}

export class GuestLink implements LinkListener {
  readonly link: EdgeLink
  readonly #parts: GuestLinkParts
  readonly #backlog: Backlog
  readonly #places = new Map<number, Attached>()

  constructor(link: EdgeLink, parts: GuestLinkParts) {
    this.link = link
    this.#parts = parts
    this.#backlog = backlogOf(link)
  }

  message(message: ToOwner | ToEdge): void {
    if (message.op === 'attach') {
      this.#attach(message)
      return
    }
    if (!isToOwner(message)) return
    const attached = this.#places.get(message.place)
    if (message.op === 'detach') {
      if (attached) this.detach(attached)
      return
    }
    if (!attached) this.#refuse(message)
    else if (attached.room) this.#handle(attached, attached.room, message)
    else attached.waiting.push(message)
  }

  over(): void {
    for (const attached of [...this.#places.values()]) this.detach(attached)
  }

  #attach(message: Attach): void {
    const { place: number, path } = message
    const before = this.#places.get(number)
    if (before) this.detach(before)
    const place = new GuestPlace(this.link, this.#backlog, number, path)
    const attached: Attached = {
      ...{ place, room: undefined, isOver: false, release() {} },
      ...{ waiting: [], reserved: new Map<number, Reservation>() },
    }
    this.#places.set(number, attached)
    this.#parts.attach(this, attached, message)
  }

  /** The room is found, and its peers are in: what has come meanwhile is handled. */
  open(attached: Attached, room: OpenRoom): void {
    if (attached.isOver) return
    attached.room = room
    for (const message of attached.waiting.splice(0)) this.message(message)
  }

  /** Ends a place: `last` is what the edge hears of it at the end. */
  end(attached: Attached, last: ToEdge): void {
    if (attached.isOver) return
    attached.place.send(last)
    this.detach(attached)
  }

  /** The place is over, and its peers are lost. */
  detach(attached: Attached): void {
    if (attached.isOver) return
    attached.isOver = true
    if (this.#places.get(attached.place.number) === attached) this.#places.delete(attached.place.number)
    for (const message of attached.waiting.splice(0)) if (isToOwner(message)) this.#refuse(message)
    attached.place.lost()
    for (const { release } of attached.reserved.values()) release()
    attached.reserved.clear()
    attached.release()
    this.#parts.detached(attached)
  }

  #handle(attached: Attached, room: OpenRoom, message: ToOwner): void {
    const { place } = attached
    switch (message.op) {
      case 'reserve':
        this.link.answer(message.ask, () => this.#reserve(attached, message))
        break
      case 'release':
        attached.reserved.get(message.ask)?.release()
        attached.reserved.delete(message.ask)
        break
      case 'join':
        place.bring(room, message.peer)
        break
      case 'receive':
        place.guest(message.session)?.session.receive(message.data, message.ref)
        break
      case 'post':
        this.link.answer(message.ask, () => post(place, message))
        break
      case 'gone':
        place.gone(message.session, message.isLost)
        break
      case 'end':
        place.guest(message.session)?.session.end(message.reason)
        break
      case 'written':
        place.guest(message.session)?.wire.written(message.bytes)
        break
      case 'quiet':
        place.quiet()
        break
    }
  }

  #reserve(attached: Attached, message: Reserve): unknown {
    const keep = (reservation: Reservation) => {
      const { room, release } = reservation
      const { offset } = message
      try {
        if (attached.isOver) throw justClosed()
        const resumes = offset !== undefined && room.kind === 'event' ? room.resumes(offset) : undefined
        attached.reserved.set(message.ask, reservation)
        return { resumes }
      } catch (error) {
        release()
        throw error
      }
    }
    const reservation = this.#parts.reserve(attached, message)
    return reservation instanceof Promise ? reservation.then(keep) : keep(reservation)
  }

  #refuse(message: ToOwner): void {
    if (message.op === 'reserve') this.link.answer(message.ask, () => Promise.reject(justClosed()))
    if (message.op !== 'post') return
    this.link.answer(message.ask, () =>
      Promise.reject(new RoomError('unavailable', 'the room has moved, send it again')),
    )
  }
}

function post(place: GuestPlace, { session, messages, producerKey }: Post): unknown {
  const guest = place.guest(session)
  if (guest?.session.post) return guest.session.post(messages, { producerKey })
  throw new RoomError('unavailable', 'the peer is not in the room now, send it again')
}

/** Edges send nothing else; a node of another version might. */
const FROM_EDGE: Readonly<Record<ToOwner['op'], true>> = {
  ...{ attach: true, detach: true, reserve: true, release: true, join: true, receive: true },
  ...{ post: true, gone: true, end: true, written: true, quiet: true },
}

function isToOwner(message: ToOwner | ToEdge): message is ToOwner {
  return message.op in FROM_EDGE
}

/** What waits on the link counts once, for all its rooms. */
function backlogOf(link: EdgeLink): Backlog {
  return {
    get waiting() {
      return link.waitingBytes
    },
    get isGone() {
      return link.isOver
    },
    relieve: () => link.close('too many bytes wait in the whole server'),
    drop: () => link.close('too many bytes wait in the whole server'),
  }
}
