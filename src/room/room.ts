/**
 * A live room at one path: who is in it, the author's handlers, and the one road out. Peers come from `rooms.ts` through
 * a transport; `event-room.ts` and `raw-room.ts` say what a message means; all they send goes through the log, which
 * calls back `deliver`, the only way to a peer.
 */

import type { Present, RoomLogger } from '../define.ts'
import { Audience } from '../delivery/audience.ts'
import type { Frame } from '../delivery/frame.ts'
import type { Subscriber } from '../delivery/subscriber.ts'
import type { Wire } from '../delivery/wire.ts'
import type { CloseReason, RoomError } from '../errors.ts'
import type { RoomLog } from '../log/log.ts'
import type { Random } from '../random.ts'
import type { Tally } from '../tally.ts'
import { dismissAfterAnswers } from './dismissal.ts'
import { CLOSE_MS, HandlerCalls } from './handler-calls.ts'
import { LazyLogger } from './lazy-logger.ts'
import { Members } from './members.ts'
import { Membership } from './membership.ts'
import { withinOpenTime } from './opening.ts'
import type { LivePeer } from './peer.ts'
import { PeerSession } from './peer-session.ts'
import type { CommonHandlers, RoomParts, RoomSettings } from './room-parts.ts'
import type { Session, Visitor } from './session.ts'

export abstract class LiveRoom<P extends LivePeer, H extends CommonHandlers<P>> {
  abstract readonly kind: 'event' | 'raw'
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly settings: RoomSettings
  protected readonly logger: LazyLogger
  readonly present: Members<P>
  /** Nobody comes in any more. */
  isClosed = false
  /** Nothing is said any more: another room may stand at this path, on the same log. */
  protected isOver = false
  protected readonly parts: RoomParts
  readonly audience: Audience
  protected readonly tally: Tally
  readonly calls: HandlerCalls
  protected handlers!: H
  /** The room's log. */
  roomLog!: RoomLog
  readonly #membership: Membership<P>
  #onEmpty: () => void = () => {}

  constructor(parts: RoomParts, path: string, params: Record<string, string>, settings: RoomSettings) {
    this.parts = parts
    this.path = path
    this.params = params
    this.settings = settings
    this.logger = new LazyLogger(parts.logger, path)
    this.present = new Members(parts.clock)
    this.calls = new HandlerCalls(parts.clock, this.logger)
    this.tally = parts.tallyOf(settings.pattern)
    this.audience = new Audience(parts.flushQueue, {
      limitBytes: settings.limits.bufferedBytes,
      tally: this.tally,
      logger: this.logger,
    })
    this.#membership = new Membership({
      calls: this.calls,
      audience: this.audience,
      present: this.present,
      rejoinWithinMs: settings.rejoinWithinMs,
      mostAway: settings.limits.peers,
      handlers: () => this.handlers,
      peer: (visitor, wire) => {
        this.tally.joined += 1
        return this.peer(visitor, wire)
      },
      enter: (peer, offset) => this.enter(peer, offset),
      unread: (peer, error) => this.log.error({ err: error, peer: peer.id }, 'the history could not be read'),
      refused: (peer, error) => this.refused(peer, error),
      onEmpty: () => this.#onEmpty(),
    })
  }

  /** Opens the log, then lets the author open the room. Throws what its `open` throws, or where it takes too long. */
  async start(onEmpty: () => void): Promise<void> {
    this.#onEmpty = onEmpty
    const failed = (error: unknown) => this.#stop().then(() => Promise.reject(error))
    await withinOpenTime(this.parts.clock, this.#open()).catch(failed)
  }

  get random(): Random {
    return this.parts.random
  }

  get log(): RoomLogger {
    return this.logger.child
  }

  /** How many are in, each id once. */
  get size(): number {
    return this.present.size
  }

  /** How many peers, somebody with several connections more than once. */
  get count(): number {
    return this.present.count
  }

  /** Whether a client is a member whose connection is here. */
  isHere(client: string | undefined): boolean {
    return this.present.of(client)?.isHere === true
  }

  /** Members who have a connection now. */
  get connected(): number {
    return this.present.connected
  }

  members(limit = Number.POSITIVE_INFINITY): Present[] {
    return this.present.list(limit)
  }

  peers(id?: string): P[] {
    return id === undefined ? [...this.present.peers()] : this.present.withId(id)
  }

  now(): number {
    return this.parts.clock.now()
  }

  every(ms: number, fn: () => unknown): () => void {
    return this.calls.every(ms, fn)
  }

  after(ms: number, fn: () => unknown): () => void {
    return this.calls.after(ms, fn)
  }

  /**
   * Lets a peer in: it hears of the past, takes its subscriber, and the author is told. Listen for messages before. A client
   * that lost its connection and is back in time is the peer it was.
   */
  join(visitor: Visitor, wire: Wire, offset: string | undefined): Session {
    return new PeerSession(this, this.addPeer(visitor, wire, offset))
  }

  protected addPeer(visitor: Visitor, wire: Wire, offset: string | undefined): P {
    return this.#membership.join(visitor, wire, offset)
  }

  /** Something came from a peer. */
  abstract receive(peer: P, data: string | Uint8Array): void

  /**
   * A peer's connection is gone. One that was lost (not closed) is waited for, where the client can be known again.
   * A subscriber that was replaced, or a second call, changes nothing.
   */
  gone(peer: P, subscriber: Subscriber, isLost: boolean): void {
    this.#membership.gone(peer, subscriber, isLost)
  }

  /** The peer is no member any more. A second call does nothing. */
  leave(peer: P): void {
    this.#membership.leave(peer)
  }

  /** Ends a peer's connection and its stay: from this moment it is no member, hears nothing, and is not heard. */
  end(peer: P, reason: CloseReason): void {
    this.#membership.end(peer, reason)
  }

  /** Ends many at once: none of them hears of the others' leaving, which for a full room would be its square. */
  endTogether(peers: readonly P[], reason: (peer: P) => CloseReason): void {
    for (const peer of peers) {
      peer.subscriber.flush()
      this.audience.remove(peer.subscriber)
    }
    for (const peer of peers) this.end(peer, reason(peer))
  }

  /** Asks at most so many of those who were not asked before to go, each after its answers. → how many; when they have. */
  dismiss(atMost: number, reason: () => CloseReason, withinMs: number): { asked: number; gone: Promise<void> } {
    const staying = this.present.peers().filter(({ isLeaving }) => !isLeaving)
    const peers = staying.take(atMost).toArray()
    return { asked: peers.length, gone: dismissAfterAnswers(this, peers, reason, withinMs) }
  }

  /** Ends those who listen without being members. */
  endReaders(_reason: () => CloseReason): void {}

  /** Tells every peer to go, each with its own reason, then the author that the room closes. */
  async close(reason: CloseReason): Promise<void> {
    this.isClosed = true
    this.endReaders(() => reason)
    const peers = [...this.present.peers()]
    await dismissAfterAnswers(this, peers, () => reason)
    // Also of those who left before: whoever has joined leaves before the room closes.
    await this.calls.waitFor(this.#membership.parting())
    const failed = (error: unknown) => this.calls.failed('close', error)
    await this.calls.call('close', () => this.handlers.close?.(), failed, undefined, CLOSE_MS)
    await this.#stop()
  }

  /** Calls the author's `open`. */
  protected abstract opened(): unknown

  /** What the author's `open` returned. Throws where it is not what a room has. */
  protected abstract checked(handlers: unknown): H

  protected abstract peer(visitor: Visitor, wire: Wire): P

  /** Catches the peer up and subscribers it. */
  protected abstract enter(peer: P, offset: string | undefined): undefined | Promise<void>

  /** The author's code threw for a peer. */
  protected failed(what: string, peer: P, error: unknown): void {
    this.calls.failed(what, error, peer.id)
  }

  /** The author's `join` let a peer not in, which is closed next. */
  protected refused(_peer: P, _error: RoomError): void {}

  async #open(): Promise<void> {
    const { path, settings } = this
    this.roomLog = await this.parts.log.open(path, settings.history, (...given) => this.#deliver(...given))
    // Given up meanwhile.
    if (this.isOver) return this.roomLog.close()
    this.handlers = this.checked((await this.opened()) ?? {})
  }

  #deliver(frame: Frame, except: object | undefined): void {
    if (frame.seq > 0) this.tally.published += 1
    this.audience.deliver(frame, except)
  }

  async #stop(): Promise<void> {
    this.isClosed = this.isOver = true
    this.calls.end()
    // It may have ended before its log was open.
    const roomLog: RoomLog | undefined = this.roomLog
    await roomLog?.close()
  }
}
