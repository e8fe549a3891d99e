/**
 * A room as the transports of this node have it, wherever it lives: they keep places in it and join peers to it. It knows
 * its home, and when the room has gone from there it finds the next and brings its peers. One a path; `node-rooms.ts`
 * makes it.
 */
import type { Clock } from '../../clock.ts'
import type { Mount, Route } from '../../config/mount.ts'
import type { Wire } from '../../delivery/wire.ts'
import { type CloseReason, RoomError } from '../../errors.ts'
import type { JoinableRoom } from '../../room/open-room.ts'
import type { Coming, JoinReservation } from '../../room/reservation.ts'
import type { Visitor } from '../../room/session.ts'
import type { NodeId } from '../link-message.ts'
import { endAfterAnswers } from './after-answers.ts'
import { CurrentHome } from './current-home.ts'
import type { EdgeRoomParts } from './edge-parts.ts'
import { EdgeReservations, type ReservedRoom } from './edge-reservations.ts'
import { EdgeSession } from './edge-session.ts'
import type { HeldBytes } from './held-messages.ts'
import { HomeFinder, type HomeFinderRoom } from './home-finder.ts'
import { HomeOver } from './home-over.ts'
import { HomeSearch } from './home-search.ts'
import { Homeless } from './homeless.ts'
import type { RoomHome } from './room-home.ts'
import type { SessionRoom } from './session-room.ts'

/** What is said to a room is answered by then. */
const ANSWERED_MS = 5000
/** A room that moves as planned has a new home by then. */
const HOLD_MS = 5000

export abstract class EdgeRoom implements SessionRoom<EdgeSession>, HomeFinderRoom, ReservedRoom {
  abstract readonly kind: 'event' | 'raw'
  readonly path: string
  readonly mount: Mount
  isHolding = false
  readonly homeless: Homeless
  readonly #parts: EdgeRoomParts<EdgeRoom>
  readonly #search: HomeSearch
  readonly #sessions = new Set<EdgeSession>()
  readonly #reservations = new EdgeReservations(this)
  readonly #current = new CurrentHome()
  #cancelHold: (() => void) | undefined
  #closedWith: CloseReason | undefined

  constructor(parts: EdgeRoomParts<EdgeRoom>, { path, mount }: Route) {
    this.#parts = parts
    this.path = path
    this.mount = mount
    const { clock, random } = parts
    this.homeless = new Homeless(clock, () => parts.unreachable(path))
    const finder = new HomeFinder(parts, this)
    this.#search = new HomeSearch({
      ...{ clock, random },
      attempt: (hint) => finder.find(hint),
      failed: (error) => this.#failed(error),
      ended: () => this.released(),
    })
  }

  get clock(): Clock {
    return this.#parts.clock
  }

  get json(): Mount['limits']['json'] {
    return this.mount.limits.json
  }

  get held(): HeldBytes {
    return this.#parts.held
  }

  get isFollowed(): boolean {
    return this.kind === 'event' || this.mount.definition.moves === true
  }

  timeAt(monotonicMs: number): number {
    return this.#parts.roster.timeAt(monotonicMs)
  }

  get isClosed(): boolean {
    return this.#closedWith !== undefined
  }

  /** The peers whose connections this node holds. */
  get sessions(): ReadonlySet<EdgeSession> {
    return this.#sessions
  }

  get isEmpty(): boolean {
    // A home that is being found holds a place for it then, which must be given back.
    return this.#sessions.size === 0 && this.#reservations.count === 0 && !this.#search.isRunning
  }

  /** Another node has the room. */
  get isRemote(): boolean {
    return this.home?.node !== undefined
  }

  /** The room is open on this node. */
  get isHere(): boolean {
    return this.home !== undefined && this.home.node === undefined
  }

  /** Itself, as the kind it is. */
  abstract readonly joinable: JoinableRoom

  /** Keeps a place for a peer, at once if the room is open here. Throws or rejects with a `Refusal`. */
  reserve(route: Route, coming: Coming): JoinReservation | Promise<JoinReservation> {
    return this.#reservations.reserve(route, coming)
  }

  released(): void {
    if (this.isEmpty) this.#parts.empty(this)
  }

  /** Rejects with a `Refusal`, within 5 s. */
  findHome(): Promise<RoomHome> {
    return this.#search.wait()
  }

  join(visitor: Visitor, wire: Wire, offset: string | undefined): EdgeSession {
    const { nextSession } = this.#parts
    const session = new EdgeSession(this, {
      number: nextSession(),
      visitor,
      wire,
      offset,
      begunMs: visitor.begunMs ?? this.timeAt(this.clock.monotonic()),
    })
    this.#sessions.add(session)
    const home = this.isClosed ? undefined : this.home
    if (home) home.join(session)
    else this.#lacksHome(session)
    return session
  }

  departed(session: EdgeSession, home: RoomHome): void {
    this.#current.lose(home)
    this.#lacksHome(session)
  }

  hurry(): void {
    this.#parts.ownership.hurry(this.path)
  }

  ended(session: EdgeSession): void {
    this.#sessions.delete(session)
    this.homeless.remove(session)
    this.released()
  }

  async settled(): Promise<void> {
    await this.#search.wait()
  }

  offset(seq?: number): string {
    return this.#current.offset(seq)
  }

  resumes(at: string): boolean {
    return this.#current.resumes(at)
  }

  refusalOf(client: string | undefined): RoomError | undefined {
    return this.#current.refusalOf(client)
  }

  /** The room is about to move: what its peers say waits until it has, or for so long at most. */
  hold(): void {
    if (this.isHolding) return
    this.isHolding = true
    this.#search.hold()
    this.#cancelHold = this.#parts.clock.after(HOLD_MS, () => this.release(undefined))
  }

  /** It has moved. `to`: where it is, if that is known. */
  release(to: NodeId | undefined): void {
    this.#search.look(to === this.#parts.roster.self ? undefined : to)
    if (!this.isHolding) return
    this.#cancelHold?.()
    this.isHolding = false
    this.#search.release()
    for (const session of this.#sessions) session.say()
  }

  /**
   * Nobody may join any more, and its peers end: those of a room that is open here with that, those of one elsewhere after
   * their answers. Resolves when these are ended.
   */
  async close(reason: CloseReason): Promise<void> {
    this.#closedWith ??= reason
    if (this.isHere) return
    const end = (session: EdgeSession) => session.end(reason)
    await endAfterAnswers(this.clock, [...this.#sessions], end, this.home ? ANSWERED_MS : 0)
  }

  /** Gives its place at another node back. */
  leave(): void {
    this.#current.leave()
  }

  get home(): RoomHome | undefined {
    return this.#current.home
  }

  #lacksHome(session: EdgeSession): void {
    if (this.#closedWith) {
      session.end(this.#closedWith)
      return
    }
    this.homeless.add(session)
    this.#search.start()
  }

  settle(home: RoomHome): void {
    this.#current.settle(home)
    this.homeless.found()
  }

  lost(home: RoomHome, to: NodeId | undefined): void {
    this.#current.lose(home)
    this.release(to)
  }

  #failed(error: unknown): boolean {
    const { ownership, logger } = this.#parts
    if (error instanceof HomeOver && error.to === undefined) ownership.doubt(this.path, error.node, 'over')
    if (this.homeless.size === 0) return false
    // Redis does not say where the room is, so no node could find it.
    if (error instanceof RoomError) this.homeless.waitOn()
    logger.debug({ err: error, room: this.path }, 'a room was not found')
    return true
  }
}
