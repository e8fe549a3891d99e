/**
 * Admission: one flat list of checks between a request and a room. Each passes, or refuses with an HTTP status. It runs
 * before the upgrade. Everything that takes time (a token, opening a room) happens here, so nothing waits between the
 * handshake and listening. Transports call it and take the admission.
 */
import type { Origins } from '../config/listed-origin.ts'
import type { Route } from '../config/mount.ts'
import { Refusal } from '../errors.ts'
import type { Coming, JoinReservation, RoomPlaces } from '../room/reservation.ts'
import type { Admission, Purpose, RequestAdmission, StreamAdmission } from './admission.ts'
import type { Caller, Handshake } from './caller.ts'
import type { GuestIds } from './guest-ids.ts'
import { mustBeHandshake, mustOfferKnown } from './handshake.ts'
import { type HostGuard, mustNameHost } from './host.ts'
import { identityOf } from './identity.ts'
import { mustKeepEvents } from './must-keep-events.ts'
import { mayEnter } from './origin.ts'
import type { Pass } from './pass.ts'
import { Passes, type PassesParts } from './passes.ts'
import type { Router } from './router.ts'
import { parseTarget, type Target } from './target.ts'

export interface GateParts extends PassesParts {
  readonly basePath: string
  readonly guestIds: GuestIds
  readonly rooms: RoomPlaces
  readonly mustKnowHost: HostGuard
  /** Whether the server itself answers this path; a pattern such as `/:name` does not match it. */
  readonly isOwn: (path: string) => boolean
  /** The current router; a reload replaces it. */
  readonly router: () => Router
  readonly isDraining: () => boolean
}

export class Gate {
  readonly #parts: GateParts
  readonly #passes: Passes

  constructor(parts: GateParts) {
    this.#parts = parts
    this.#passes = new Passes(parts)
  }

  /**
   * Admits a peer, synchronously if nothing must be awaited. `handshake`: given for a WebSocket. Throws, or rejects with,
   * a `Refusal`.
   */
  admit(caller: Caller, handshake?: Handshake): Admission | Promise<Admission> {
    const { quotas, isDraining } = this.#parts
    if (isDraining()) throw draining()
    if (handshake) mustBeHandshake(handshake)
    const { path, query } = this.target(caller)
    const route = this.route({ path })
    const { address } = caller
    this.origin(caller, route.mount.origins)
    mustOfferKnown(caller.protocols, route.mount.protocols)
    quotas.handshake(address)
    if (!this.#passes.areNeeded(route)) return this.#enter(route, query, address)
    return this.pass(caller, route, query).then((pass) => this.#enter(route, query, address, pass))
  }

  /**
   * Admits a connection that asks for its rooms later, each by `admit`. Its origin must be one that some room accepts.
   * `handshake`: given for a WebSocket. Throws a `Refusal`.
   */
  connect(caller: Caller, handshake?: Handshake): void {
    const { quotas, isDraining } = this.#parts
    if (isDraining()) throw draining()
    if (handshake) mustBeHandshake(handshake)
    this.target(caller)
    this.someOrigin(caller)
    quotas.handshake(caller.address)
  }

  /** Throws a `Refusal` 403 for a page of an origin that no room accepts. */
  someOrigin(caller: Caller): void {
    const { origin, askedHost, isSecure } = caller
    const { mounts } = this.#parts.router()
    if (origin === undefined || mounts.some(({ origins }) => mayEnter(origins, origin, askedHost, isSecure))) return
    this.origin(caller, 'same')
  }

  /** Makes the checks of an upgrade without joining a peer. Rejects with the `Refusal` an upgrade would get. */
  async check(caller: Caller, route: Route, query: URLSearchParams): Promise<void> {
    const { quotas, isDraining } = this.#parts
    if (isDraining()) throw draining()
    quotas.handshake(caller.address)
    const pass = await this.pass(caller, route, query)
    const { release, leave } = await this.#enter(route, query, caller.address, pass)
    release()
    leave()
  }

  #enter(route: Route, query: URLSearchParams, address: string, pass?: Pass): Admission | Promise<Admission> {
    const { quotas, guestIds, rooms, isDraining } = this.#parts
    // Checked again: a token or `admit` may have taken a while.
    if (isDraining()) throw draining()
    const identity = identityOf(query, guestIds.in(route.path), pass)
    const { offset } = identity
    const visitor = { ...identity.visitor, address }
    const leave = quotas.enter(route, address)
    try {
      const place = rooms.reserveJoin(route, { client: visitor.client, offset, isStream: false })
      if (place instanceof Promise) return admittedLater(place, { visitor, offset, route, leave })
      const { room, release, resumes } = place
      return { room, release, resumes, visitor, offset, route, leave }
    } catch (error) {
      leave()
      throw error
    }
  }

  /** Checks the caller's token, if the room needs one, and asks the module's `admit`. Rejects with a `Refusal`. */
  pass(caller: Caller, route: Route, query: URLSearchParams): Promise<Pass | undefined> {
    return this.#passes.of(caller, route, query)
  }

  /** Admits a plain HTTP request to an event room after `route` and `origin`. `cost`: in handshakes. Rejects with a `Refusal`. */
  async admitRequest(caller: Caller, route: Route, purpose: Purpose, cost = 1): Promise<RequestAdmission> {
    const { rooms } = this.#parts
    const open = rooms.get(route)
    if (purpose === 'read') this.chargeRead(caller)
    if (purpose === 'read' && open) return { room: mustKeepEvents(open), release() {}, leave() {} }
    const isStream = purpose === 'subscribe'
    const place = await this.#admitted(caller, isStream, cost, route, () => rooms.reserve(route, isStream))
    return { ...place, room: mustKeepEvents(place.room) }
  }

  /** The same for an event stream whose client is a peer. */
  async admitStream(caller: Caller, route: Route, coming: Coming): Promise<StreamAdmission> {
    const place = await this.#admitted(caller, true, 1, route, () => this.#parts.rooms.reserveJoin(route, coming))
    return { ...place, room: mustKeepEvents(place.room) }
  }

  async #admitted<P extends JoinReservation>(
    { address }: Caller,
    isStream: boolean,
    cost: number,
    route: Route,
    reserve: () => P | Promise<P>,
  ): Promise<P & { leave(): void }> {
    const { quotas, isDraining } = this.#parts
    if (isDraining()) throw draining()
    quotas.handshake(address, cost)
    const leave = isStream ? quotas.enter(route, address) : () => {}
    let release = () => {}
    try {
      const place = await reserve()
      release = place.release
      // Checked again: a room may have taken a while to open.
      if (isStream && isDraining()) throw draining()
      mustKeepEvents(place.room)
      return { ...place, leave }
    } catch (error) {
      release()
      leave()
      throw error
    }
  }

  /** Throws a `Refusal` 503 while this server drains. */
  mustBeTaking(): void {
    if (this.#parts.isDraining()) throw draining()
  }

  /** Charges a further `cost`, in handshakes. Throws a `Refusal` 429. */
  charge({ address }: Caller, cost: number): void {
    if (cost > 0) this.#parts.quotas.handshake(address, cost)
  }

  /** Charges a read of a room or of its description. Throws a `Refusal` 429. */
  chargeRead({ address }: Caller): void {
    this.#parts.quotas.read(address)
  }

  /** Charges bytes sent to a reader. */
  chargeSent({ address }: Caller, bytes: number): void {
    this.#parts.quotas.sent(address, bytes)
  }

  /** Checks the host, and parses path and query. Throws a `Refusal` 400, 404 or 421. */
  target(caller: Caller): Target {
    mustNameHost(caller)
    this.#parts.mustKnowHost(caller)
    return parseTarget(caller.target, this.#parts.basePath)
  }

  /** The mount of a path. Throws a `Refusal` 404. */
  route({ path }: Pick<Target, 'path'>): Route {
    const { router, isOwn } = this.#parts
    const route = isOwn(path) ? undefined : router().find(path)
    if (!route) throw new Refusal(404, 'no_such_room', 'no room is at this path')
    return route
  }

  /** The pattern of rooms.json that matches a request; `undefined` if none does. */
  patternOf(caller: Caller): string | undefined {
    try {
      return this.route(this.target(caller)).mount.pattern
    } catch {
      return undefined
    }
  }

  /** Throws a `Refusal` 403 for a page of an origin that is not allowed. */
  origin({ origin, askedHost, isSecure }: Caller, origins: Origins): void {
    if (mayEnter(origins, origin, askedHost, isSecure)) return
    throw new Refusal(403, 'foreign_origin', 'expected a page of an allowed origin; list it in "origins"')
  }
}

async function admittedLater(
  place: Promise<JoinReservation>,
  rest: Omit<Admission, 'room' | 'release'>,
): Promise<Admission> {
  try {
    const { begunMs, ...kept } = await place
    return { ...kept, ...rest, visitor: { ...rest.visitor, begunMs } }
  } catch (error) {
    rest.leave()
    throw error
  }
}

function draining(): Refusal {
  return new Refusal(503, 'draining', 'this server is restarting', { 'Retry-After': '1' })
}
