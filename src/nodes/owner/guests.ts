/**
 * The peers that other nodes bring into the rooms of this one. An edge asks for a place in a room: the room is found or
 * opened here if this node owns it or is to own it, and its peers are joined. `guest-link.ts` is one link, `guest-place.ts`
 * one edge in one room. Hand-over (`hand-over.ts`) moves all places of a room.
 */
import type { Clock } from '../../clock.ts'
import type { Route } from '../../config/mount.ts'
import { Refusal, RoomError, refusalOf } from '../../errors.ts'
import type { ErrorLogger } from '../../guarded.ts'
import type { OpenRoom } from '../../room/open-room.ts'
import type { Reservation } from '../../room/reservation.ts'
import { justClosed } from '../../room/room-refusals.ts'
import type { Rooms } from '../../room/rooms.ts'
import type { LinkListener } from '../link.ts'
import { linkRefusal } from '../link-failure.ts'
import type { Bringing, NodeId, ToOwner } from '../link-message.ts'
import type { Ownership } from '../ownership.ts'
import { type Attached, type EdgeLink, GuestLink } from './guest-link.ts'

type Attach = Extract<ToOwner, { op: 'attach' }>
type Reserve = Extract<ToOwner, { op: 'reserve' }>

/** How many peers of a room that has moved are joined in one turn of the event loop. */
const A_TURN = 128

export interface GuestsParts {
  readonly clock: Clock
  readonly logger: ErrorLogger
  readonly rooms: Pick<Rooms, 'at' | 'reserve' | 'hold'>
  readonly ownership: Pick<Ownership, 'find'>
  readonly routeOf: (path: string) => Route | undefined
  /** The term under which this node owns a room; 0: it does not. */
  readonly termOf: (path: string) => number
  /** Makes sure that a room is still owned here: one that is not closes. */
  readonly verify: (path: string) => Promise<void>
  /** All peers that this node had of the room are in it. */
  readonly brought: (path: string, node: NodeId) => void
}

/** A place with its link. */
interface Seat {
  readonly link: GuestLink
  readonly attached: Attached
}

export class Guests {
  readonly #parts: GuestsParts
  readonly #places = new Map<string, Map<Attached, Seat>>()
  /** Rooms that are handed over, and to whom. */
  readonly #heirs = new Map<string, NodeId>()
  isDraining = false

  constructor(parts: GuestsParts) {
    this.#parts = parts
  }

  /** The owner's part of a link that another node has dialled. */
  accept(link: EdgeLink): LinkListener {
    return new GuestLink(link, {
      attach: (of, attached, message) => this.#attach({ link: of, attached }, message),
      reserve: (attached, message) => this.#reserve(attached, message),
      detached: (attached) => this.#detached(attached),
    })
  }

  /** How many peers each node has in a room. */
  peersOf(path: string): Map<NodeId, number> {
    const peers = new Map<NodeId, number>()
    for (const { place } of this.#at(path)) peers.set(place.node, (peers.get(place.node) ?? 0) + place.size)
    return peers
  }

  /** Asks the edges of a room to hold messages back. Resolves when none comes any more. */
  async moving(path: string): Promise<void> {
    await Promise.all([...this.#at(path)].map(({ place }) => place.moving()))
  }

  /** From now on no room is opened here for an edge. */
  drain(): void {
    this.isDraining = true
  }

  /** The room closes now, and edges shall find it at `heir`. */
  leadTo(path: string, heir: NodeId): void {
    this.#heirs.set(path, heir)
  }

  *#at(path: string): Iterable<Attached> {
    yield* this.#places.get(path)?.keys() ?? []
  }

  #attach(seat: Seat, message: Attach): void {
    const { path } = message
    const places = this.#places.get(path) ?? new Map<Attached, Seat>()
    this.#places.set(path, places)
    places.set(seat.attached, seat)
    void this.#find(seat, message).catch((error: unknown) => this.#refuse(seat, error))
  }

  #detached(attached: Attached): void {
    const { path } = attached.place
    const places = this.#places.get(path)
    places?.delete(attached)
    if (places?.size === 0) this.#places.delete(path)
  }

  async #find(seat: Seat, { path, kind, term, peers }: Attach): Promise<void> {
    const { termOf, verify } = this.#parts
    const { link, attached } = seat
    // The edge has seen a later owner than this node knows of.
    if (term > termOf(path)) await verify(path)
    if (await this.#isElsewhere(seat)) return
    const held = await this.#hold(seat)
    if (!held) return
    const { room, release } = held
    attached.release = release
    if (attached.isOver) {
      release()
      return
    }
    if (room.kind !== kind) throw otherModule(path)
    const { epoch = '', seq = 0, newcomerAfter = 0 } = room.kind === 'event' ? room.readers : {}
    const place = attached.place.number
    attached.place.send({ op: 'attached', place, term: termOf(path), epoch, seq, newcomerAfter })
    await this.#bring(link, attached, room, peers)
  }

  async #hold(seat: Seat): Promise<Reservation | undefined> {
    const { path } = seat.attached.place
    const route = this.#routeOf(path)
    if (this.isDraining && !this.#parts.rooms.at(path)) {
      this.#over(seat, this.#heirs.get(path))
      return undefined
    }
    try {
      return await this.#parts.rooms.hold(route, () => this.#over(seat, this.#heirs.get(path)))
    } catch (error) {
      // Another node may have taken it in the meantime.
      if (await this.#isElsewhere(seat)) return undefined
      throw error
    }
  }

  /** Whether another node has the room, which the edge is told. */
  async #isElsewhere(seat: Seat): Promise<boolean> {
    const home = await this.#parts.ownership.find(seat.attached.place.path)
    if (home.at === 'here') return false
    this.#over(seat, home.node)
    return true
  }

  /** Joins the peers of a room that has moved, a few in each turn of the event loop. */
  async #bring(link: GuestLink, attached: Attached, room: OpenRoom, peers: readonly Bringing[]): Promise<void> {
    for (let at = 0; at < peers.length || at === 0; at += A_TURN) {
      if (at > 0) await new Promise<void>((resolve) => this.#parts.clock.soon(resolve))
      if (attached.isOver) return
      for (const peer of peers.slice(at, at + A_TURN)) attached.place.bring(room, peer)
    }
    this.#parts.brought(attached.place.path, attached.place.node)
    link.open(attached, room)
  }

  #over({ link, attached }: Seat, to: NodeId | undefined): void {
    link.end(attached, { op: 'over', place: attached.place.number, to })
  }

  #refuse({ link, attached }: Seat, thrown: unknown): void {
    const refusal = refusalFor(thrown)
    if (!refusal)
      this.#parts.logger.error({ err: thrown, room: attached.place.path }, 'a room was not found for an edge')
    const given = linkRefusal(refusal ?? justClosed())
    link.end(attached, { op: 'refused', place: attached.place.number, refusal: given })
  }

  #reserve({ place, room }: Attached, { client, isStream }: Reserve): Reservation | Promise<Reservation> {
    const refused = isStream && room?.kind === 'event' ? room.refusalOf(client) : undefined
    if (refused) throw refused
    return this.#parts.rooms.reserve(this.#routeOf(place.path), true, client)
  }

  /** Nodes may have different files for a moment. */
  #routeOf(path: string): Route {
    const route = this.#parts.routeOf(path)
    if (route) return route
    throw new Refusal(404, 'not_found', `no room is at ${path} on the node that has it`)
  }
}

function otherModule(path: string): Refusal {
  const message = `the node that has ${path} has another kind of module there; finish the deploy`
  return new Refusal(503, 'unavailable', message, { 'Retry-After': '1' })
}

function refusalFor(thrown: unknown): Refusal | undefined {
  if (thrown instanceof Refusal) return thrown
  return thrown instanceof RoomError ? refusalOf(thrown, false) : undefined
}
