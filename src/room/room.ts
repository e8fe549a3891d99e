/**
 * A live room at one path: the author's handlers, and the only path to its peers. `rooms.ts` opens it, and
 * transports join peers. `event-room.ts` and `raw-room.ts` define how messages are handled. Everything published goes
 * through the log, which calls back `deliver`.
 */

import type { CommonHandlers } from '../define.ts'
import { Audience } from '../delivery/audience.ts'
import type { Frame } from '../delivery/frame.ts'
import type { Subscriber } from '../delivery/subscriber.ts'
import type { Wire } from '../delivery/wire.ts'
import { Close, type CloseReason, inWords, RoomError } from '../errors.ts'
import { microtask } from '../microtask.ts'
import { AuthorRoom, type Basics } from './author-room.ts'
import { Dismissals, dismissAfterAnswers, endNow, moveAfterAnswers, turnAway } from './dismissal.ts'
import { HANDLERS_END_MS } from './handler-calls.ts'
import { Membership } from './membership.ts'
import { Opening } from './opening.ts'
import { keyOf, type LivePeer } from './peer.ts'
import { PeerSession } from './peer-session.ts'
import type { RoomParts, RoomSettings } from './room-parts.ts'
import { notOpened } from './room-refusals.ts'
import { FrameToAll } from './said.ts'
import type { Session, Visitor } from './session.ts'

export abstract class LiveRoom<P extends LivePeer, H extends CommonHandlers<P>> extends AuthorRoom<P> {
  abstract readonly kind: 'event' | 'raw'
  readonly audience: Audience
  received = 0
  protected handlers!: H
  readonly #membership: Membership<P>
  #closedWith: CloseReason | undefined
  #onEmpty: () => void = () => {}
  readonly #opening = new Opening()
  /** Resolves when it has closed. */
  #ending: Promise<void> | undefined
  #onLost: (ended: Promise<void>) => void = () => {}

  constructor(
    parts: RoomParts,
    path: string,
    params: Record<string, string>,
    settings: RoomSettings,
    definition: Basics,
  ) {
    super(parts, path, params, settings, definition)
    this.audience = new Audience(parts.flushQueue, {
      limitBytes: settings.limits.bufferedBytes,
      tally: this.tally,
      logger: this.logger,
    })
    this.#membership = new Membership({
      calls: this.calls,
      steps: this.steps,
      audience: this.audience,
      present: this.present,
      rejoinWithinMs: settings.rejoinWithinMs,
      mostAway: settings.limits.peers,
      handlers: () => (this.isOver ? {} : this.handlers),
      begin: definition.data && ((peer) => void peer.data),
      newPeer: (visitor, wire) => {
        if (!visitor.isMoved) this.tally.joined += 1
        return this.newPeer(visitor, wire)
      },
      enter: (peer, offset) => this.enter(peer, offset),
      catchUpFailed: (peer, error) => {
        if (!this.isOver) this.log.error({ ...inWords(error), peer: peer.id }, 'the history could not be read')
      },
      refused: (peer, error) => this.refused(peer, error),
      onEmpty: () => this.#onEmpty(),
      closedWith: () => this.#closedWith,
    })
  }

  /**
   * Opens the log, then calls the author's `open`. Rejects if that fails or takes too long. `onLost`: called if the open
   * room loses its log, and with it is over; `ended` resolves when another may open in its place.
   */
  async start(onEmpty: () => void, onLost: (ended: Promise<void>) => void = () => {}): Promise<void> {
    this.#onEmpty = onEmpty
    this.#onLost = onLost
    const failed = (error: unknown) => this.stop().then(() => Promise.reject(error))
    await this.#opening.run(this.parts.clock, () => this.#open()).catch(failed)
  }

  /**
   * Joins a peer: it catches up, is subscribed, and the author's `join` is called. The transport MUST listen for
   * messages before. A client that lost its connection and reconnects in time is the same peer.
   */
  join(visitor: Visitor, wire: Wire, offset: string | undefined): Session {
    return new PeerSession(this, this.addPeer(visitor, wire, offset))
  }

  protected addPeer(visitor: Visitor, wire: Wire, offset: string | undefined): P {
    // It was admitted before the room closed.
    if (this.isClosed) return turnAway(this.newPeer(visitor, wire), this.#closedWith ?? Close.restart)
    if (!this.mayAct) return turnAway(this.newPeer(visitor, wire), Close.busy)
    const isReplaced = this.present.isLaterHere(keyOf(visitor), visitor.begunMs)
    return isReplaced
      ? turnAway(this.newPeer(visitor, wire), Close.replaced)
      : this.#membership.join(visitor, wire, offset)
  }

  /** Sends a frame that is not kept to every peer but `except`, in the step of the code that runs now. */
  protected say(frame: Frame, except: P | undefined): void {
    this.steps.say(new FrameToAll(this.audience, frame, except))
  }

  /** The author closes a peer; see `Expulsions`. */
  expel(peer: P, reason: CloseReason): void {
    this.#membership.expelInStep(peer, reason)
  }

  /** Handles a frame of a peer. */
  abstract receive(peer: P, data: string | Uint8Array, ref?: number): void

  /** Handles the end of a connection; see `Membership.gone`. */
  gone(peer: P, subscriber: Subscriber, isLost: boolean): void {
    this.#membership.gone(peer, subscriber, isLost)
  }

  /** Ends the membership of a peer. A second call does nothing. */
  leave(peer: P): void {
    this.#membership.leave(peer)
  }

  /** Ends connection and membership: from now on the peer gets nothing, and its messages are ignored. */
  end(peer: P, reason: CloseReason): void {
    this.#membership.end(peer, reason)
  }

  /** Its peers, as a drain dismisses them. */
  get dismissals(): Dismissals<P> {
    return new Dismissals(this)
  }

  /** Ends the readers that are no members. */
  endReaders(_reason: () => CloseReason): void {}

  /**
   * Closes every peer after its answers, then calls the author's `close`. With `Close.moved` no peer leaves. Does not reject.
   */
  close(reason: CloseReason): Promise<void> {
    this.#ending ??= this.#close(reason).catch(this.#closeFailed)
    return this.#ending
  }

  #closeFailed = (error: unknown) => this.log.error({ err: error }, 'the room failed to close')

  async #close(reason: CloseReason): Promise<void> {
    this.isClosed = true
    this.#closedWith = reason
    this.endReaders(() => reason)
    const peers = [...this.present.peers()]
    if (reason === Close.moved) await moveAfterAnswers(this, reason, () => this.failAll(notKnown('moved')))
    else await dismissAfterAnswers(this, peers, () => reason)
    // Also for earlier leaves: every `leave` is called before `close`.
    await this.calls.waitFor([...this.#membership.pendingLeaves(), this.alarms.stop()])
    await this.#end()
  }

  /**
   * The log has given this opening up: what is pending fails, every connection ends, to come back into a new opening, and
   * nothing more is kept or said.
   */
  #lose(reason: string): void {
    this.log.warn({ reason }, 'the room has lost its log, it closes and opens anew')
    this.isClosed = this.isOver = this.isLost = true
    this.#closedWith ??= Close.moved
    const error = notKnown('lost its log')
    this.alarms.lose()
    this.steps.lose(error)
    this.failAll(error)
    this.endReaders(() => Close.moved)
    endNow(this.present, this.audience, Close.moved)
    this.calls.endTimers()
    if (!this.#opening.isOver) this.#opening.giveUp(notOpened())
    else if (!this.#ending) {
      this.#ending = this.#end().catch(this.#closeFailed)
      this.#onLost(this.#ending)
    }
  }

  /** The room is over: messages that wait for their answers get this one. */
  protected failAll(_error: RoomError): void {}

  /** Calls the author's `close`. In a room that has lost its log, what `close` wants to keep is refused. */
  async #end(): Promise<void> {
    const { calls } = this
    const failed = (error: unknown) => (this.isLost ? calls.failedLate('close', error) : calls.failed('close', error))
    await calls.call('close', () => this.handlers.close?.(), failed, undefined, HANDLERS_END_MS)
    await this.stop()
  }

  /** Ends the room as its server would by being killed: nobody is told, and no code of the author is called. */
  async kill(): Promise<void> {
    await this.stop()
  }

  /** Calls the author's `open`. */
  protected abstract callOpen(): unknown

  /** The handlers that `open` returned. Throws a `TypeError` if they are wrong. */
  protected abstract checkHandlers(handlers: unknown): H

  protected abstract newPeer(visitor: Visitor, wire: Wire): P

  /** Catches the peer up and subscribes it. */
  protected abstract enter(peer: P, offset: string | undefined): undefined | Promise<void>

  /** Logs an error of the author's code for a peer. */
  protected failed(what: string, peer: P, error: unknown): void {
    this.calls.failed(what, error, peer.id)
  }

  /** The author's `join` refused a peer, which is closed next. */
  protected refused(_peer: P, _error: RoomError): void {}

  async #open(): Promise<void> {
    const { path, settings } = this
    // Not within the code of the room or of the log, which may run when it is called.
    const lost = (reason: string) => microtask(() => this.#lose(reason))
    this.roomLog = await this.parts.log.open(path, settings.history, lost)
    // The opening was given up meanwhile.
    if (this.isOver) return this.roomLog.close()
    this.audience.seq = this.roomLog.seq
    await this.state.load(this.roomLog.takeState())
    if (this.isOver) return
    await this.calls.whole(
      () => this.callOpen(),
      (handlers) => {
        this.handlers = this.checkHandlers(handlers ?? {})
        this.alarms.handledBy(this.handlers.alarm?.bind(this.handlers))
      },
    )
    if (!this.isOver) this.state.start(this.handlers)
  }

  protected override deliver(frame: Frame): void {
    this.tally.published += 1
    this.audience.deliver(frame)
  }
}

function notKnown(why: string): RoomError {
  return new RoomError('unavailable', `the room has ${why}, send it again with the same id`)
}
