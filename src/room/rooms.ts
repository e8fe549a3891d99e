/**
 * The live rooms: a path is opened when somebody first needs it and closed when it has been empty for long enough.
 * `gate.ts` asks for a room before the upgrade, since `open` may be async; a transport then joins the peer at once.
 */

import type { Mount, Route } from '../config/mount.ts'
import { Close, type CloseReason, Refusal } from '../errors.ts'
import { within } from '../within.ts'
import { LiveEventRoom } from './event-room.ts'
import type { OpenRoom } from './open-room.ts'
import { LiveRawRoom } from './raw-room.ts'
import type { RoomParts } from './room-parts.ts'

/** A room of either kind, as its owner has it. */
export type HostedRoom = LiveEventRoom | LiveRawRoom

/** A room that is open or opening. */
interface Instance {
  readonly mount: Mount
  readonly room: HostedRoom
  readonly opened: Promise<void>
  isOpen: boolean
  /** Peers admitted and not yet joined; the room must not close under them. */
  expected: number
  cancelIdle: (() => void) | undefined
}

/** The rooms of one mount. */
interface MountRooms {
  count: number
  /** Those that wait to be closed, the longest first. */
  readonly empty: Set<Instance>
}

/** A place in a room, kept for a peer until it has joined or gone. */
export interface Reservation {
  readonly room: OpenRoom
  /** Gives the place up; a second call does nothing. */
  release(): void
}

/** How long a peer, or a reload, waits for a room to close. */
const CLOSE_MS = 10_000

export class Rooms {
  readonly #parts: RoomParts
  readonly #mountAt: (path: string) => Mount | undefined
  #isClosed = false
  readonly #instances = new Map<string, Instance>()
  readonly #mounts = new Map<Mount, MountRooms>()
  readonly #closing = new Map<string, Promise<void>>()

  /** `mountAt`: the mount that a path belongs to now, since a reload may give it to another. */
  constructor(parts: RoomParts, mountAt: (path: string) => Mount | undefined) {
    this.#parts = parts
    this.#mountAt = mountAt
  }

  /**
   * Keeps a place in the room of a path: at once in a room that is open, else when it has opened. Throws, or rejects with,
   * a `Refusal` 503: full, or it does not open. `client`: of the peer it is for, which may be a member already.
   */
  reserve(route: Route, isPeer = true, client?: string): Reservation | Promise<Reservation> {
    const closing = this.#closing.get(route.path)
    if (!closing) return this.#reserveIn(route, isPeer, client)
    return this.#inTime(closing)
      .catch(refuseOpening)
      .then(() => this.#reserveIn(route, isPeer, client))
  }

  #reserveIn({ mount, path, params }: Route, isPeer: boolean, client?: string): Reservation | Promise<Reservation> {
    // What checked a peer before a reload is not what checks it now.
    if (this.#isClosed || this.#mountAt(path) !== mount) {
      throw new Refusal(503, 'room_closed', 'this room was just closed', { 'Retry-After': '1' })
    }
    const instance = this.#instances.get(path) ?? this.#open(mount, path, params)
    const { room } = instance
    // A member's new connection takes the place of the one it has.
    const isMore = isPeer && !room.isHere(client)
    if (isMore && room.connected + instance.expected >= mount.limits.peers) {
      const message = `this room takes ${mount.limits.peers} peers`
      throw new Refusal(503, 'room_full', message, { 'Retry-After': '10' }).by('limits.peers')
    }
    instance.expected += 1
    this.#inUse(instance)
    let isHeld = true
    const release = () => {
      if (!isHeld) return
      isHeld = false
      instance.expected -= 1
      this.#idle(instance)
    }
    if (instance.isOpen) return { room, release }
    return instance.opened.then(
      () => ({ room, release }),
      () => {
        release()
        return refuseOpening()
      },
    )
  }

  /** The room open at a path now. */
  get({ mount, path }: Route): HostedRoom | undefined {
    const instance = this.#instances.get(path)
    // After a reload another mount may have it, which was not the one that let the request in.
    return instance?.isOpen && instance.mount === mount ? instance.room : undefined
  }

  /** Every open room, with its mount. */
  *open(): IterableIterator<{ mount: Mount; room: HostedRoom }> {
    for (const { mount, room, isOpen } of this.#instances.values()) if (isOpen) yield { mount, room }
  }

  /** Closes all rooms for good. */
  async close(reason: CloseReason): Promise<void> {
    this.#isClosed = true
    await this.#closeMany(this.#instances.values(), () => reason)
  }

  /** Closes the rooms whose path belongs to another mount by now, for whatever reason, or to none. */
  async closeStale(): Promise<void> {
    const stale = this.#instances.values().filter(({ mount, room }) => this.#mountAt(room.path) !== mount)
    await this.#closeMany(stale, ({ room }) => (this.#mountAt(room.path) ? Close.restart : Close.removed))
  }

  async #closeMany(instances: Iterable<Instance>, reason: (instance: Instance) => CloseReason): Promise<void> {
    const closed = [...instances].map((instance) => this.#close(instance, reason(instance)))
    await this.#inTime(Promise.all(closed)).catch(() => {})
  }

  #open(mount: Mount, path: string, params: Record<string, string>): Instance {
    if (!this.#hasRoomFor(mount)) {
      const message = `at most ${mount.instances} rooms are open under ${mount.pattern}`
      throw new Refusal(503, 'too_many_rooms', message, { 'Retry-After': '60' }).by('instances')
    }
    const room = build(this.#parts, mount, path, params)
    const opened = room.start(() => this.#idle(instance))
    const instance: Instance = { mount, room, opened, isOpen: false, expected: 0, cancelIdle: undefined }
    this.#instances.set(path, instance)
    this.#roomsOf(mount).count += 1
    opened.then(
      () => {
        instance.isOpen = true
      },
      (error) => {
        room.log.error({ err: error }, "the room's open failed, joins are refused until it opens")
        this.#remove(instance)
      },
    )
    return instance
  }

  /** Whether one more room of a mount may open; where need be, one that stands empty makes way. */
  #hasRoomFor(mount: Mount): boolean {
    // A static path is one room: only a parameterised one is worth counting.
    if (!mount.pattern.includes(':') || this.#roomsOf(mount).count < mount.instances) return true
    const [empty] = this.#roomsOf(mount).empty
    if (empty) void this.#close(empty, Close.restart)
    return empty !== undefined
  }

  #roomsOf(mount: Mount): MountRooms {
    const shelf = this.#mounts.get(mount) ?? { count: 0, empty: new Set() }
    this.#mounts.set(mount, shelf)
    return shelf
  }

  #remove(instance: Instance): void {
    const { mount, room } = instance
    // A reload may have put another one there.
    if (this.#instances.get(room.path) !== instance) return
    this.#instances.delete(room.path)
    const shelf = this.#roomsOf(mount)
    shelf.count -= 1
    shelf.empty.delete(instance)
    if (shelf.count === 0) this.#mounts.delete(mount)
  }

  /** Nobody is in it, and nobody comes: close it after a while. */
  #idle(instance: Instance): void {
    this.#inUse(instance)
    const { mount, room } = instance
    if (this.#instances.get(room.path) !== instance) return
    if (room.size > 0 || instance.expected > 0 || !instance.isOpen) return
    this.#roomsOf(mount).empty.add(instance)
    instance.cancelIdle = this.#parts.clock.after(mount.idleAfterMs, () => void this.#close(instance, Close.restart))
  }

  #inUse(instance: Instance): void {
    if (!instance.cancelIdle) return
    instance.cancelIdle()
    instance.cancelIdle = undefined
    this.#mounts.get(instance.mount)?.empty.delete(instance)
  }

  async #close(instance: Instance, reason: CloseReason): Promise<void> {
    instance.cancelIdle?.()
    const { path } = instance.room
    if (this.#instances.get(path) !== instance) return this.#closing.get(path)
    this.#remove(instance)
    const { room } = instance
    const failed = (error: unknown) => room.log.error({ err: error }, 'the room did not close as it should')
    // A room that did not open has said so.
    const closed = instance.opened.then(
      () => room.close(reason).catch(failed),
      () => {},
    )
    this.#closing.set(path, closed)
    await closed
    if (this.#closing.get(path) === closed) this.#closing.delete(path)
  }

  /** Rejects where it takes too long: one room that hangs must not hold up the rest. */
  #inTime<T>(promise: Promise<T>): Promise<T> {
    return within(this.#parts.clock, CLOSE_MS, promise, () => {
      throw new Error(`not done within ${CLOSE_MS} ms`)
    })
  }
}

function refuseOpening(): never {
  throw new Refusal(503, 'room_failed', 'this room does not open now', { 'Retry-After': '5' })
}

function build(parts: RoomParts, mount: Mount, path: string, params: Record<string, string>): HostedRoom {
  if (mount.kind === 'raw') return new LiveRawRoom(parts, path, params, mount, mount.definition, mount.options)
  return new LiveEventRoom(parts, path, params, mount, mount.definition, mount.options)
}
