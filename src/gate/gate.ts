/**
 * The door: one flat list of checks between a request and a room, each of which lets through or refuses with an HTTP
 * status. It runs before the upgrade, and everything that may take time (a room that opens) is done here, so that
 * nothing waits between the handshake and listening. `server.ts` hands requests in, a transport takes the admission.
 */

import type { Clock } from '../clock.ts'
import type { Origins } from '../config/listed-origin.ts'
import type { Mount, Route } from '../config/mount.ts'
import type { RoomLogger } from '../define.ts'
import { failureOf, Refusal, refusalOfAdmit, roomErrorOf } from '../errors.ts'
import type { Random } from '../random.ts'
import type { EventRoom, OpenRoom } from '../room/open-room.ts'
import type { Place, Rooms } from '../room/rooms.ts'
import type { Visitor } from '../room/session.ts'
import { within } from '../within.ts'
import type { Auth } from './auth.ts'
import type { Caller, Handshake } from './caller.ts'
import { mustBeHandshake, mustOfferKnown } from './handshake.ts'
import { type HostGuard, mustNameHost } from './host.ts'
import { visitOf } from './identity.ts'
import { mayEnter } from './origin.ts'
import type { Pass } from './pass.ts'
import type { Limits } from './quotas.ts'
import type { Router } from './router.ts'
import { parseTarget, type Target } from './target.ts'

/** Everything a transport needs to join a peer. */
export interface Admission extends Place {
  readonly route: Route
  readonly visitor: Visitor
  readonly offset: string | undefined
  /** Counts the peer out of the limits, when it is gone. */
  leave(): void
}

/** Who asks over plain HTTP: reads and goes, stays to listen (also as a peer), or says something. */
export type Errand = 'read' | 'listen' | 'speak'

/** A room for one request. */
export interface Audition extends Place {
  readonly room: EventRoom
  /** Counts the request out of the limits. */
  leave(): void
}

export interface GateParts {
  readonly basePath: string
  readonly clock: Clock
  readonly random: Random
  readonly rooms: Pick<Rooms, 'place' | 'get'>
  readonly limits: Limits
  readonly mustKnowHost: HostGuard
  /** Whether the server answers this path itself: a pattern such as `/:name` does not reach it. */
  readonly isOwn: (path: string) => boolean
  /** Who checks the tokens of a mount; `undefined`: it asks for none. */
  readonly authOf: (mount: Mount) => Auth | undefined
  /** The router of now; a reload puts a new one. */
  readonly router: () => Router
  readonly isDraining: () => boolean
  readonly logger: RoomLogger
}

/** How long a module may think about whom it admits. */
const ADMIT_MS = 10_000
const UNDECIDED = Symbol('undecided')

export class Gate {
  readonly #parts: GateParts

  constructor(parts: GateParts) {
    this.#parts = parts
  }

  /**
   * Lets a peer in: at once where nothing must be waited for. `handshake`: of the WebSocket it comes over. Throws, or
   * rejects with, a `Refusal`.
   */
  admit(caller: Caller, handshake?: Handshake): Admission | Promise<Admission> {
    const { limits, isDraining } = this.#parts
    if (isDraining()) throw draining()
    if (handshake) mustBeHandshake(handshake)
    const { path, query } = this.target(caller)
    const route = this.route({ path })
    const { address } = caller
    this.origin(caller, route.mount.origins)
    mustOfferKnown(caller.protocols, route.mount.protocols)
    limits.handshake(address)
    if (this.#isOpen(route)) return this.#enter(route, query, address)
    return this.pass(caller, route, query).then((pass) => this.#enter(route, query, address, pass))
  }

  /** Whether an upgrade would be admitted now: makes its checks and joins nobody. Throws, or rejects with, a `Refusal`. */
  async check(caller: Caller, route: Route, query: URLSearchParams): Promise<void> {
    const { limits, isDraining } = this.#parts
    if (isDraining()) throw draining()
    limits.handshake(caller.address)
    const pass = await this.pass(caller, route, query)
    const { release, leave } = await this.#enter(route, query, caller.address, pass)
    release()
    leave()
  }

  #enter(route: Route, query: URLSearchParams, address: string, pass?: Pass): Admission | Promise<Admission> {
    const { limits, random, rooms, isDraining } = this.#parts
    // Asked again: a token or a module may have taken its time.
    if (isDraining()) throw draining()
    const { visitor, offset } = visitOf(query, random, pass)
    const leave = limits.enter(route, address)
    try {
      const place = rooms.place(route, true, visitor.client)
      if (place instanceof Promise) return admittedLater(place, { visitor, offset, route, leave })
      return { room: place.room, release: place.release, visitor, offset, route, leave }
    } catch (error) {
      leave()
      throw error
    }
  }

  /** Who brings which token, where the room asks for one, and whether the module admits it. Throws a `Refusal` 401 or 403. */
  async pass(caller: Caller, { mount, path, params }: Route, query: URLSearchParams): Promise<Pass | undefined> {
    const pass = await this.#parts
      .authOf(mount)
      ?.check(caller)
      .catch((error: Refusal) => this.#failed(caller, error))
    const { admit } = mount.definition
    if (!admit) return pass
    let answer: unknown
    try {
      const deciding = Promise.resolve(admit(pass?.claims, { path, params, query }))
      answer = await within(this.#parts.clock, ADMIT_MS, deciding, () => UNDECIDED)
    } catch (thrown) {
      const error = roomErrorOf(thrown)
      throw error ? refusalOfAdmit(error) : failureOf("the module's admit", thrown)
    }
    // Whoever writes a condition in place of a throw means it.
    if (answer === false) throw new Refusal(403, 'forbidden', 'this room does not let you in', {}, {}, 'admit')
    if (answer !== UNDECIDED) return pass
    this.#parts.logger.error({ room: path }, `the room's admit did not end within ${ADMIT_MS / 1000} s`)
    throw new Refusal(503, 'unavailable', 'the room did not decide in time', { 'Retry-After': '5' })
  }

  /** Neither token nor module stands at the door. */
  #isOpen({ mount }: Route): boolean {
    return mount.definition.admit === undefined && this.#parts.authOf(mount) === undefined
  }

  /** Trying tokens is no faster than shaking hands. */
  #failed(caller: Caller, refusal: Refusal): never {
    if (refusal.code === 'bad_token') this.charge(caller, 1)
    throw refusal
  }

  /**
   * Lets a request of plain HTTP to an event room; path and origin were checked. `cost`: how many handshakes it counts as.
   * Throws a `Refusal`.
   */
  async visit(caller: Caller, route: Route, errand: Errand, cost = 1, client?: string): Promise<Audition> {
    const { limits, rooms, isDraining } = this.#parts
    const { address } = caller
    const open = rooms.get(route)
    if (errand === 'read') this.read(caller)
    if (errand === 'read' && open) return { room: mustKeepEvents(open), release() {}, leave() {} }
    if (isDraining()) throw draining()
    limits.handshake(address, cost)
    const leave = errand === 'listen' ? limits.enter(route, address) : () => {}
    try {
      const { room, release } = await rooms.place(route, errand === 'listen', client)
      // Asked again: a room may have taken its time to open.
      if (errand === 'listen' && isDraining()) {
        release()
        throw draining()
      }
      return { room: mustKeepEvents(room), release, leave }
    } catch (error) {
      leave()
      throw error
    }
  }

  /** Counts what a request costs beside itself. Throws a `Refusal` 429. */
  charge({ address }: Caller, cost: number): void {
    if (cost > 0) this.#parts.limits.handshake(address, cost)
  }

  /** Counts a read, which is also a look at what a room is. Throws a `Refusal` 429. */
  read({ address }: Caller): void {
    this.#parts.limits.read(address)
  }

  /** Counts what is sent to who reads. */
  sent({ address }: Caller, bytes: number): void {
    this.#parts.limits.sent(address, bytes)
  }

  /** The path and query of a request. Throws a `Refusal` 400, 404 or 421. */
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

  /** The line of rooms.json that a request is for; `undefined` where there is none, or no telling. */
  patternOf(caller: Caller): string | undefined {
    try {
      return this.route(this.target(caller)).mount.pattern
    } catch {
      return undefined
    }
  }

  /** Throws a `Refusal` 403 for a page of another origin. */
  origin({ origin, askedHost, isSecure }: Caller, origins: Origins): void {
    if (mayEnter(origins, origin, askedHost, isSecure)) return
    throw new Refusal(403, 'foreign_origin', 'this room does not take connections from pages of this origin')
  }
}

/** Throws a `Refusal` 405. */
function mustKeepEvents(room: OpenRoom): EventRoom {
  if (room.kind === 'event') return room
  throw rawRoom()
}

/** A raw room keeps nothing, so there is nothing to read and no way to say a message. */
export function rawRoom(): Refusal {
  return new Refusal(405, 'raw_room', 'this room keeps no events; join it over a WebSocket')
}

async function admittedLater(place: Promise<Place>, rest: Omit<Admission, keyof Place>): Promise<Admission> {
  try {
    return { ...(await place), ...rest }
  } catch (error) {
    rest.leave()
    throw error
  }
}

function draining(): Refusal {
  return new Refusal(503, 'draining', 'this server is restarting', { 'Retry-After': '1' })
}
