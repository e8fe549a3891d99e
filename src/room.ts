/**
 * A live room at one path: who is in it, the author's handlers, and the one road out. Peers come from `rooms.ts` through
 * a transport; `event-room.ts` and `raw-room.ts` say what a message means; all they send goes through the log, which
 * calls back `deliver`, the only way to a peer.
 */
import type { Clock } from './clock.ts'
import type { Member, RoomLogger } from './define.ts'
import { Close, type CloseReason } from './errors.ts'
import { Audience, type FanOut } from './fan-out.ts'
import type { Frame } from './frame.ts'
import type { Rate } from './guards/bucket.ts'
import type { Log, Retention, RoomLog } from './log/log.ts'
import type { Connection, Visitor } from './peer.ts'
import type { Wire } from './wire.ts'

/** What the house gives every room. */
export interface House {
  readonly clock: Clock
  readonly log: Log
  readonly fanOut: FanOut
  readonly logger: RoomLogger & { child(fields: object): RoomLogger }
}

/** What a mount says of its rooms. */
export interface RoomSettings {
  readonly history: Retention & { readonly replay: number }
  readonly limits: { readonly peers: number; readonly rate: Rate; readonly bufferedBytes: number }
}

/** Messages of one peer that may wait for its async handlers. */
export const MAX_WAITING = 256

/** Handlers of either kind of room, as this file calls them. */
export interface CommonHandlers {
  join?(peer: never): unknown
  leave?(peer: never): unknown
  close?(): unknown
}

export abstract class LiveRoom<P extends Connection = Connection, H extends CommonHandlers = CommonHandlers> {
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly log: RoomLogger
  readonly settings: RoomSettings
  isClosed = false
  protected readonly house: House
  protected readonly audience: Audience
  protected handlers!: H
  #record!: RoomLog
  readonly #peers = new Map<string, P>()
  readonly #timers = new Set<() => void>()
  #onEmpty: () => void = () => {}

  constructor(house: House, path: string, params: Record<string, string>, settings: RoomSettings) {
    this.house = house
    this.path = path
    this.params = params
    this.settings = settings
    this.log = house.logger.child({ room: path })
    this.audience = new Audience(house.fanOut, settings.limits.bufferedBytes, (seat) =>
      this.end(seat.owner as P, Close.slow),
    )
  }

  /** Opens the log, then lets the author open the room. Throws what the author's `open` throws. */
  async start(open: (room: this) => unknown, onEmpty: () => void): Promise<void> {
    this.#onEmpty = onEmpty
    this.#record = await this.house.log.open(this.path, this.settings.history, (frame, except) =>
      this.#deliver(frame, except),
    )
    try {
      this.handlers = ((await open(this)) ?? {}) as H
    } catch (error) {
      await this.#stop()
      throw error
    }
  }

  /** The room's log. */
  get record(): RoomLog {
    return this.#record
  }

  get size(): number {
    return this.#peers.size
  }

  members(limit = Number.POSITIVE_INFINITY): Member[] {
    return this.#peers
      .values()
      .take(limit)
      .map(({ id, name }) => ({ id, name }))
      .toArray()
  }

  now(): number {
    return this.house.clock.now()
  }

  every(ms: number, fn: () => unknown): () => void {
    const cancel = this.house.clock.every(ms, () => this.#guard('every', fn))
    const end = () => {
      cancel()
      this.#timers.delete(end)
    }
    this.#timers.add(end)
    return end
  }

  /** Lets a peer in: it hears of the past, takes its seat, and the author is told. Listen for messages before. */
  join(visitor: Visitor, wire: Wire, offset: string | undefined): P {
    const peer = this.peer(visitor, wire)
    this.#peers.set(peer.id, peer)
    peer.sequence.run(() => {
      const caughtUp = this.enter(peer, offset)
      if (!caughtUp) return this.#joined(peer)
      return caughtUp.then(
        () => this.#joined(peer),
        (error) => this.#failed(peer, error),
      )
    })
    return peer
  }

  /** Something came from a peer. Returns the ms its transport shall wait before it reads on. */
  abstract receive(peer: P, data: string | Uint8Array): number

  /** The peer's connection is gone. A second call does nothing. */
  leave(peer: P): void {
    if (peer.hasLeft) return
    peer.hasLeft = true
    this.audience.remove(peer.seat)
    this.#peers.delete(peer.id)
    peer.sequence.run(() => (peer.hasJoined ? this.call('leave', peer, () => this.handlers.leave?.(peer as never)) : undefined))
    if (this.size === 0) this.#onEmpty()
  }

  /** Ends one peer's connection and takes it out of the room at once. */
  end(peer: P, reason: CloseReason): void {
    peer.end(reason)
    this.leave(peer)
  }

  /** Ends many at once: none of them hears of the others' leaving, which for a full room would be its square. */
  dismiss(peers: readonly P[], reason: (peer: P) => CloseReason): void {
    for (const peer of peers) {
      peer.seat.flush()
      this.audience.remove(peer.seat)
    }
    for (const peer of peers) this.end(peer, reason(peer))
  }

  /** Tells every peer to go, each with its own reason, then the author that the room closes. */
  async close(reason: CloseReason): Promise<void> {
    this.isClosed = true
    this.dismiss([...this.#peers.values()], () => reason)
    await this.call('close', undefined, () => this.handlers.close?.())
    await this.#stop()
  }

  peers(): MapIterator<P> {
    return this.#peers.values()
  }

  protected abstract peer(visitor: Visitor, wire: Wire): P

  /** Catches the peer up and seats it. */
  protected abstract enter(peer: P, offset: string | undefined): undefined | Promise<void>

  /** Calls the author's code: what it throws is logged here and nowhere else, and hurts nobody. */
  protected call(what: string, peer: P | undefined, fn: () => unknown): undefined | Promise<void> {
    const failed = (error: unknown) =>
      this.log.error({ err: error, peer: peer?.id }, `the room's ${what} handler failed`)
    try {
      const result = fn()
      if (result instanceof Promise) return result.then(() => {}, failed)
    } catch (error) {
      failed(error)
    }
    return undefined
  }

  #joined(peer: P): undefined | Promise<void> {
    if (peer.hasLeft) return undefined
    peer.hasJoined = true
    return this.call('join', peer, () => this.handlers.join?.(peer as never))
  }

  #failed(peer: P, error: unknown): void {
    this.log.error({ err: error, peer: peer.id }, 'the history could not be read')
    this.end(peer, Close.busy)
  }

  #deliver(frame: Frame, except: object | undefined): void {
    this.audience.deliver(frame, except)
  }

  #guard(what: string, fn: () => unknown): void {
    void this.call(what, undefined, fn)
  }

  async #stop(): Promise<void> {
    for (const end of [...this.#timers]) end()
    await this.#record.close()
  }
}
