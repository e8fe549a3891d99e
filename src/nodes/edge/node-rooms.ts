/**
 * The rooms of all nodes, as the gate of this one has them. Peers get a place in an `EdgeRoom`, wherever the room lives
 * and moves; whoever is no member gets the room only if it is open here or is to be, since plain HTTP goes to a room's
 * owner before it comes to the gate.
 */
import type { Route } from '../../config/mount.ts'
import { Close, Refusal, RoomError, refusalOf } from '../../errors.ts'
import type { OpenRoom } from '../../room/open-room.ts'
import type { Coming, JoinReservation, Reservation, RoomPlaces } from '../../room/reservation.ts'
import { justClosed } from '../../room/room-refusals.ts'
import type { NodeId } from '../link-message.ts'
import type { EdgeParts, EdgeRoomParts } from './edge-parts.ts'
import type { EdgeRoom } from './edge-room.ts'
import { newEdgeRoom } from './edge-room-kinds.ts'
import type { EdgeSession } from './edge-session.ts'
import { LocalHome } from './local-home.ts'
import { Pauses } from './pauses.ts'

/** An empty room gives its place at its owner back after so long. */
const EMPTY_MS = 5000

export class NodeRooms implements RoomPlaces {
  readonly #parts: EdgeParts
  readonly #roomParts: EdgeRoomParts<EdgeRoom>
  readonly #rooms = new Map<string, EdgeRoom>()
  readonly #pauses: Pauses
  /** Those that a reload has replaced, while their peers leave. */
  readonly #stale = new Set<EdgeRoom>()
  #lastSession = 0

  constructor(parts: EdgeParts) {
    this.#parts = parts
    this.#pauses = new Pauses(parts.clock)
    const nextSession = () => {
      this.#lastSession += 1
      return this.#lastSession
    }
    this.#roomParts = {
      ...parts,
      nextSession,
      empty: (room) => this.#empty(room),
      unreachable: (path) => this.#isUnreachable(path),
    }
  }

  get(route: Route): OpenRoom | undefined {
    return this.#parts.rooms.get(route)
  }

  reserve(route: Route, isPeer = true): Reservation | Promise<Reservation> {
    const { ownership, rooms } = this.#parts
    if (ownership.known(route.path)?.at === 'here') return rooms.reserve(route, isPeer)
    return this.#reserveHere(route, isPeer)
  }

  async #reserveHere(route: Route, isPeer: boolean): Promise<Reservation> {
    const { ownership, rooms } = this.#parts
    const home = await ownership.find(route.path).catch((error: unknown) => {
      throw error instanceof RoomError ? refusalOf(error, false) : error
    })
    if (home.at === 'here') return rooms.reserve(route, isPeer)
    throw new Refusal(503, 'unavailable', 'this room lives on another node, try again', { 'Retry-After': '1' })
  }

  reserveJoin(route: Route, coming: Coming): JoinReservation | Promise<JoinReservation> {
    const caughtUp = this.#pauses.caughtUp()
    if (caughtUp) return caughtUp.then(() => this.reserveJoin(route, coming))
    return this.#at(route).reserve(route, coming)
  }

  /** The rooms that peers of this node are in, or were lately. */
  *all(): IterableIterator<EdgeRoom> {
    yield* this.#rooms.values()
    yield* this.#stale
  }

  /** The peers of this node in rooms that are not open here. */
  *peersElsewhere(): IterableIterator<EdgeSession> {
    for (const { path, sessions } of this.all()) if (this.#parts.ownership.known(path)?.at !== 'here') yield* sessions
  }

  /** How many they are, by the line of rooms.json. */
  countElsewhere(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const { isHere, mount, sessions } of this.all()) {
      if (!isHere) counts.set(mount.pattern, (counts.get(mount.pattern) ?? 0) + sessions.size)
    }
    return counts
  }

  /** A room that is open here is about to move: what its peers say waits. */
  hold(path: string): void {
    this.#rooms.get(path)?.hold()
  }

  /** It has closed here, and is to be found at another node. */
  follow(path: string, heir: NodeId): void {
    this.#rooms.get(path)?.release(heir)
  }

  /** Closes the rooms whose path now belongs to another mount or to none. Resolves when those elsewhere have no peers here. */
  async closeStale(): Promise<void> {
    const { routeOf } = this.#parts
    const closed: Promise<void>[] = []
    for (const room of [...this.#rooms.values()]) {
      const route = routeOf(room.path)
      if (route?.mount === room.mount) continue
      this.#rooms.delete(room.path)
      this.#stale.add(room)
      closed.push(room.close(route ? Close.restart : Close.removed))
      if (room.isEmpty) this.#empty(room)
    }
    await Promise.all(closed)
  }

  #at(route: Route): EdgeRoom {
    const { path, mount } = route
    const known = this.#rooms.get(path)
    if (known?.mount === mount) return known
    // A reload has changed the mount that admitted the peer.
    if (known || this.#parts.routeOf(path)?.mount !== mount) throw justClosed()
    const room = newEdgeRoom(this.#roomParts, route)
    this.#rooms.set(path, room)
    const { ownership, rooms } = this.#parts
    const open = ownership.known(path)?.at === 'here' ? rooms.get(route) : undefined
    if (open) room.settle(new LocalHome(rooms, open))
    return room
  }

  #empty(room: EdgeRoom): void {
    if (this.#rooms.get(room.path) !== room) {
      this.#stale.delete(room)
      room.leave()
    } else if (room.isRemote) this.#parts.clock.after(EMPTY_MS, () => this.#forget(room))
    else this.#forget(room)
  }

  #forget(room: EdgeRoom): void {
    if (!room.isEmpty || this.#rooms.get(room.path) !== room) return
    this.#rooms.delete(room.path)
    room.leave()
  }

  #isUnreachable(path: string): void {
    const text =
      'the node that has this room was not reached for 10 s, or does not open it: its peers are told to come back'
    this.#parts.logger.warn({ room: path }, text)
  }
}
