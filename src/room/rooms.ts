/**
 * The live rooms: a room opens when it is first needed and closes when it has been empty for long enough. `gate.ts`
 * reserves a place in a room before the upgrade, since `open` may be async. A transport then joins the peer at once.
 */

import type { Mount, Route } from '../config/mount.ts'
import { Close, type CloseReason, inWords, Refusal } from '../errors.ts'
import { Closings } from './closings.ts'
import { FailedOpenings } from './failed-openings.ts'
import { buildRoom, type HostedRoom } from './hosted-room.ts'
import { IdleRooms } from './idle-rooms.ts'
import type { HostedAt, Instance } from './instance.ts'
import { MountRooms } from './mount-rooms.ts'
import type { Coming, JoinReservation, Reservation, RoomPlaces } from './reservation.ts'
import { RoomElsewhere } from './room-elsewhere.ts'
import type { RoomParts } from './room-parts.ts'
import { full, justClosed, mustNotBeClosed, notClosed, notOpened, notSure, tooMany } from './room-refusals.ts'

export class Rooms implements RoomPlaces {
  readonly #parts: RoomParts
  readonly #mountAt: (path: string) => Mount | undefined
  #isClosed = false
  readonly #instances = new Map<string, Instance>()
  readonly #mounts = new MountRooms()
  readonly #idle: IdleRooms
  readonly #closings: Closings
  readonly failed = new FailedOpenings()

  /** `mountAt`: the current mount of a path, which a reload may change. */
  constructor(parts: RoomParts, mountAt: (path: string) => Mount | undefined) {
    this.#parts = parts
    this.#mountAt = mountAt
    this.#closings = new Closings(parts.clock)
    this.#idle = new IdleRooms({
      clock: parts.clock,
      mounts: this.#mounts,
      isCurrent: (instance) => this.#instances.get(instance.room.path) === instance,
      close: (instance) => void this.#close(instance, Close.restart),
    })
  }

  /**
   * Reserves a place in a room: at once if it is open, else when it has opened. Throws or rejects with a `Refusal` 503
   * if it is full or does not open. `client`: the client id of the peer, which may be a member already.
   */
  reserve(route: Route, isPeer = true, client?: string): Reservation | Promise<Reservation> {
    const closing = this.#closings.of(route.path)
    if (!closing) return this.#reserveIn(route, isPeer, client)
    return this.#closings
      .inTime(closing)
      .catch(() => Promise.reject(notOpened()))
      .then(() => this.reserve(route, isPeer, client))
  }

  reserveJoin(route: Route, { client }: Coming): JoinReservation | Promise<JoinReservation> {
    return this.reserve(route, true, client)
  }

  #reserveIn({ mount, path, params }: Route, isPeer: boolean, client?: string): Reservation | Promise<Reservation> {
    // A reload has changed the mount that admitted the peer.
    if (this.#isClosed || this.#mountAt(path) !== mount) {
      throw justClosed()
    }
    if (this.#parts.mayAct?.() === false) throw notSure()
    const known = this.#instances.get(path)
    if (!known?.isCounted) this.#mustFit(mount)
    const instance = known ?? this.#open(mount, path, params)
    if (!instance.isCounted) this.#mounts.count(instance)
    const { room } = instance
    // A member's new connection replaces the one it has.
    const isMore = isPeer && !room.isHere(client)
    if (isMore && room.connected + instance.expected >= mount.limits.peers) throw full(mount)
    instance.expected += 1
    this.#idle.inUse(instance)
    let isHeld = true
    const release = () => {
      if (!isHeld) return
      isHeld = false
      instance.expected -= 1
      this.#idle.idle(instance)
    }
    if (instance.isOpen) return { room, release }
    return instance.opened
      .then(() => mustNotBeClosed(room))
      .then(
        () => ({ room, release }),
        (error) => {
          release()
          throw error instanceof Refusal ? error : notOpened()
        },
      )
  }

  /**
   * Holds a room open, opened if necessary, whoever is in it. `over` is called once it has closed or lost its log, and its
   * peers are ended. Rejects with a `Refusal`.
   */
  async hold(route: Route, over: () => void): Promise<Reservation> {
    const { room, release } = await this.reserve(route, false)
    const instance = this.#instances.get(route.path)
    if (instance?.room !== room) throw justClosed()
    const held = this.#idle.hold(instance, over)
    release()
    return { room, release: held }
  }

  /** The open room at a path. */
  get({ mount, path }: Route): HostedRoom | undefined {
    const instance = this.#instances.get(path)
    // After a reload the room may belong to another mount than the one that admitted the request.
    return instance?.isOpen && instance.mount === mount ? instance.room : undefined
  }

  /** Every open room, with its mount. */
  *open(): IterableIterator<HostedAt> {
    for (const instance of this.#instances.values()) if (instance.isOpen) yield instance
  }

  /** The open room at a path, whatever its mount. */
  at(path: string): HostedAt | undefined {
    const instance = this.#instances.get(path)
    return instance?.isOpen ? instance : undefined
  }

  /** The same, when it has opened, if it is opening now. */
  async opening(path: string): Promise<HostedAt | undefined> {
    await this.#instances.get(path)?.opened.catch(nothing)
    return this.at(path)
  }

  /** Closes the room at a path, if one is open, and runs `work` before another may open there. Settles as `work` does. */
  async whileClosed<T>(path: string, work: () => Promise<T>, reason: CloseReason = Close.restart): Promise<T> {
    const instance = this.#instances.get(path)
    const closed = instance ? this.#close(instance, reason) : (this.#closings.of(path) ?? Promise.resolve())
    const done = this.#closings
      .inTime(closed)
      .catch(() => Promise.reject(notClosed()))
      .then(work)
    // Also one that did not close in time: two rooms would write one log.
    const held = done.then(nothing, nothing).then(() => closed)
    this.#closings.hold(path, held)
    return done
  }

  /** Closes all rooms for good. */
  async close(reason: CloseReason): Promise<void> {
    this.#isClosed = true
    await this.#closeMany(this.#instances.values(), () => reason)
    await this.#closings.settled()
  }

  /** Closes the rooms whose path now belongs to another mount or to none. */
  async closeStale(): Promise<void> {
    this.failed.removeIf(({ path, mount }) => this.#mountAt(path) !== mount)
    const stale = this.#instances.values().filter(({ mount, room }) => this.#mountAt(room.path) !== mount)
    await this.#closeMany(stale, ({ room }) => (this.#mountAt(room.path) ? Close.restart : Close.removed))
  }

  async #closeMany(instances: Iterable<Instance>, reason: (instance: Instance) => CloseReason): Promise<void> {
    const closed = [...instances].map((instance) => this.#close(instance, reason(instance)))
    await this.#closings.inTime(Promise.all(closed)).catch(() => {})
  }

  /**
   * Opens a room for its alarms, if it is not open. Resolves when none of them is due any more; it closes then, unless
   * somebody is in it. Rejects if it does not open.
   */
  async runAlarms({ mount, path, params }: Route): Promise<void> {
    for (let closing = this.#closings.of(path); closing; closing = this.#closings.of(path)) await closing
    if (this.#isClosed || this.#mountAt(path) !== mount) return
    const instance = this.#instances.get(path) ?? this.#open(mount, path, params)
    const letGo = this.#idle.hold(instance)
    try {
      await instance.opened
      await instance.room.alarms.idle()
    } finally {
      letGo()
    }
  }

  #open(mount: Mount, path: string, params: Record<string, string>): Instance {
    const room = buildRoom(this.#parts, mount, path, params)
    const opened = room.start(
      () => this.#idle.idle(instance),
      (ended) => this.#lost(instance, ended),
    )
    const counts = { expected: 0, held: 0, isCounted: false, whenOver: new Set<() => void>() }
    const instance: Instance = { mount, room, opened, openedMs: 0, isOpen: false, ...counts, cancelIdle: undefined }
    this.#instances.set(path, instance)
    opened.then(
      () => {
        instance.isOpen = true
        instance.openedMs = this.#parts.clock.now()
        this.failed.remove(path)
      },
      (error) => {
        this.#remove(instance)
        if (error instanceof RoomElsewhere) return
        if (error instanceof Refusal) room.log.warn({ reason: error.message }, 'the room was not opened')
        else room.log.error(inWords(error), "the room's open failed, joins are refused until it opens")
        if (this.#mountAt(path) === mount) this.failed.add(path, mount, error)
      },
    )
    return instance
  }

  /** One more room counts among `instances`: if necessary, an empty one is closed. Throws a `Refusal` if there are too many. */
  #mustFit(mount: Mount): void {
    if (!this.#mounts.isFull(mount)) return
    const empty = this.#mounts.longestEmpty(mount)
    if (!empty) throw tooMany(mount)
    void this.#close(empty, Close.restart)
  }

  #remove(instance: Instance): void {
    const { path } = instance.room
    // A reload may have opened another room there.
    if (this.#instances.get(path) !== instance) return
    this.#instances.delete(path)
    this.#mounts.remove(instance)
  }

  async #close(instance: Instance, reason: CloseReason): Promise<void> {
    instance.cancelIdle?.()
    const { path } = instance.room
    if (this.#instances.get(path) !== instance) return this.#closings.of(path)
    this.#remove(instance)
    const { room } = instance
    // If it did not open, that was logged.
    const closed = instance.opened.then(() => room.close(reason), nothing)
    this.#closings.hold(path, closed)
    await closed
    for (const over of instance.whenOver) over()
  }

  /** An open room has lost its log, and is over: the next need opens another, when this one has `ended`. */
  #lost(instance: Instance, ended: Promise<void>): void {
    instance.cancelIdle?.()
    const { path } = instance.room
    // It was closing already.
    if (this.#instances.get(path) !== instance) return
    this.#remove(instance)
    this.#closings.hold(path, ended)
    for (const over of instance.whenOver) over()
  }
}

function nothing(): void {}
