/**
 * The live rooms: a path is opened when somebody first needs it and closed when it has been empty for long enough.
 * `gate.ts` asks for a room before the upgrade, since `open` may be async; a transport then joins the peer at once.
 */
import type { Mount } from './config.ts'
import type { EventDefinition, RawDefinition } from './define.ts'
import { Close, type CloseReason, Refusal } from './errors.ts'
import { LiveEventRoom } from './event-room.ts'
import { LiveRawRoom } from './raw-room.ts'
import type { House, LiveRoom } from './room.ts'
import type { Route } from './router.ts'

/** A room that is open or opening. */
interface Instance {
  readonly mount: Mount
  readonly room: LiveRoom
  readonly opened: Promise<void>
  isOpen: boolean
  /** Peers admitted and not yet joined; the room must not close under them. */
  expected: number
  cancelIdle: (() => void) | undefined
}

/** A place in a room, kept for a peer until it has joined or gone. */
export interface Place {
  readonly room: LiveRoom
  /** Gives the place up; a second call does nothing. */
  release(): void
}

export class Rooms {
  readonly #house: House
  readonly #instances = new Map<string, Instance>()
  readonly #closing = new Map<string, Promise<void>>()

  constructor(house: House) {
    this.#house = house
  }

  /** Keeps a place in the room of a path, opening it where need be. Throws a `Refusal` 503: full, or it does not open. */
  async place({ mount, path, params }: Route): Promise<Place> {
    await this.#closing.get(path)
    const instance = this.#instances.get(path) ?? this.#open(mount, path, params)
    const { room } = instance
    if (room.size + instance.expected >= mount.limits.peers) {
      throw new Refusal(503, 'room_full', `this room takes ${mount.limits.peers} peers`, { 'Retry-After': '10' })
    }
    instance.expected += 1
    instance.cancelIdle?.()
    let isHeld = true
    const release = () => {
      if (!isHeld) return
      isHeld = false
      instance.expected -= 1
      this.#idle(instance)
    }
    try {
      await instance.opened
    } catch {
      release()
      throw new Refusal(503, 'room_failed', 'this room does not open now', { 'Retry-After': '5' })
    }
    return { room, release }
  }

  /** The room open at a path now. */
  get(path: string): LiveRoom | undefined {
    const instance = this.#instances.get(path)
    return instance?.isOpen ? instance.room : undefined
  }

  /** Every open room, with its mount. */
  *open(): IterableIterator<{ mount: Mount; room: LiveRoom }> {
    for (const { mount, room, isOpen } of this.#instances.values()) if (isOpen) yield { mount, room }
  }

  /** Closes the rooms of a mount, or all of them. */
  async close(reason: CloseReason, of?: Mount): Promise<void> {
    const chosen = [...this.#instances.values()].filter(({ mount }) => !of || mount === of)
    await Promise.all(chosen.map((instance) => this.#close(instance, reason)))
  }

  #open(mount: Mount, path: string, params: Record<string, string>): Instance {
    if (this.#count(mount) >= mount.instances) {
      throw new Refusal(503, 'too_many_rooms', `at most ${mount.instances} rooms are open under ${mount.pattern}`, {
        'Retry-After': '60',
      })
    }
    const room = build(this.#house, mount, path, params)
    const opened = room.start(
      (room) => mount.definition.open(room as never, mount.options as never),
      () => this.#idle(instance),
    )
    const instance: Instance = { mount, room, opened, isOpen: false, expected: 0, cancelIdle: undefined }
    this.#instances.set(path, instance)
    opened.then(
      () => {
        instance.isOpen = true
      },
      (error) => {
        room.log.error({ err: error }, "the room's open failed, joins are refused until it opens")
        this.#instances.delete(path)
      },
    )
    return instance
  }

  #count(mount: Mount): number {
    // A static path is one room: only a parameterised one is worth counting.
    if (!mount.pattern.includes(':')) return 0
    let count = 0
    for (const instance of this.#instances.values()) if (instance.mount === mount) count += 1
    return count
  }

  /** Nobody is in it, and nobody comes: close it after a while. */
  #idle(instance: Instance): void {
    instance.cancelIdle?.()
    if (instance.room.size > 0 || instance.expected > 0 || !instance.isOpen) return
    instance.cancelIdle = this.#house.clock.after(instance.mount.idleAfterMs, () => {
      if (instance.room.size === 0 && instance.expected === 0) void this.#close(instance, Close.restart)
    })
  }

  async #close(instance: Instance, reason: CloseReason): Promise<void> {
    instance.cancelIdle?.()
    const { path } = instance.room
    if (this.#instances.get(path) !== instance) return this.#closing.get(path)
    this.#instances.delete(path)
    const closed = instance.opened.then(
      () => instance.room.close(reason),
      () => {},
    )
    this.#closing.set(path, closed)
    await closed
    if (this.#closing.get(path) === closed) this.#closing.delete(path)
  }
}

function build(house: House, mount: Mount, path: string, params: Record<string, string>): LiveRoom {
  const definition = mount.definition as EventDefinition | RawDefinition
  if (mount.kind === 'raw') return new LiveRawRoom(house, path, params, mount) as unknown as LiveRoom
  return new LiveEventRoom(house, path, params, mount, definition as EventDefinition) as unknown as LiveRoom
}
