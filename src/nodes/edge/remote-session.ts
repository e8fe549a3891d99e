/**
 * The session of a peer of this node in a room of another. What the peer says goes over the link; what the room sends to
 * it is written here, within the bounds of its connection. `remote-home.ts` makes it and hands in what the owner says.
 */
import type { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { Frame } from '../../delivery/frame.ts'
import { type Bounds, Subscriber, type SubscriberOwner } from '../../delivery/subscriber.ts'
import { Close, type CloseReason } from '../../errors.ts'
import type { EventSession, Posted, Posting } from '../../room/open-room.ts'
import type { Message } from '../../room/protocol.ts'
import type { Limit } from '../../tally.ts'
import type { ToOwner } from '../link-message.ts'
import { POSTED } from '../link-shapes.ts'
import type { EdgePeer } from './room-home.ts'
import { ANSWER_MS } from './unanswered.ts'

/** A peer over whose link so much waits is read more slowly. */
const FULL_BYTES = 1024 * 1024
const REST_MS = 100
/** How long the owner may take to end a peer. */
const END_MS = 1000

/** The home of a session. */
export interface SessionHome {
  readonly place: number
  readonly bounds: Bounds
  readonly clock: Clock
  /** Bytes that wait on the link. */
  readonly waitingBytes: number
  send(message: ToOwner): void
  ask<T>(message: (ask: number) => ToOwner, shape: z.ZodType<T>, withinMs: number): Promise<T>
  /** It has left. */
  left(session: RemoteSession): void
  /** Frames of this length for it alone are reported when they are written. */
  owe(session: RemoteSession, length: number): void
}

export class RemoteSession implements EventSession, SubscriberOwner {
  readonly peer: EdgePeer
  readonly number: number
  readonly subscriber: Subscriber
  /** It hears what goes to all. */
  hasEntered = false
  /** The length of frames that are not reported written. */
  owedLength = 0
  /** Its connection must take what it was sent first. */
  isDraining = false
  #isOver = false
  /** It was ended here, and the owner has not closed it yet. */
  #ending: { readonly reason: CloseReason; cancel(): void } | undefined
  readonly #home: SessionHome

  constructor(home: SessionHome, peer: EdgePeer, number: number) {
    this.#home = home
    this.peer = peer
    this.number = number
    this.subscriber = new Subscriber(this, peer.wire, home.bounds)
  }

  receive(data: string | Uint8Array, ref?: number): void {
    if (this.#isOver || this.#ending) return
    const { place, waitingBytes } = this.#home
    this.#home.send({ op: 'receive', place, session: this.number, data, ref })
    if (waitingBytes > FULL_BYTES) this.peer.wire.rest(REST_MS)
  }

  async post(messages: readonly Message[], { producerKey }: Posting = {}): Promise<Posted> {
    const { place } = this.#home
    const post = (ask: number): ToOwner => ({ op: 'post', place, session: this.number, ask, messages, producerKey })
    return this.#home.ask(post, POSTED, ANSWER_MS)
  }

  gone(isLost: boolean): void {
    const { place } = this.#home
    if (this.leave()) this.#home.send({ op: 'gone', place, session: this.number, isLost })
  }

  /** The owner closes the connection, after all that the room has sent; if it does not, it is closed here. */
  end(reason: CloseReason): void {
    if (this.#isOver || this.#ending) return
    const { place, clock } = this.#home
    this.#ending = { reason, cancel: clock.after(END_MS, () => this.close(reason)) }
    this.#home.send({ op: 'end', place, session: this.number, reason })
  }

  cutSlow(limit: Limit): void {
    this.subscriber.cut(limit)
  }

  flush(): void {
    this.subscriber.flush()
  }

  /** Its connection does not keep up. */
  cut(_subscriber: Subscriber, reason: CloseReason): void {
    this.peer.wire.close(reason)
    this.gone(true)
  }

  /** Writes what the room sends to it alone. */
  hear(frames: readonly Frame[]): void {
    if (this.#isOver) return
    let length = 0
    for (const frame of frames) length += frame.length
    if (this.hasEntered) for (const frame of frames) this.subscriber.send(frame)
    else this.subscriber.writeFrames(frames)
    this.#home.owe(this, length)
  }

  /** The owner closes its connection, after all that it has sent. */
  close(reason: CloseReason): void {
    this.subscriber.flush()
    this.leave()
    this.peer.wire.close(reason)
  }

  /** The room is not there any more. */
  lost(): void {
    this.close(this.#ending?.reason ?? Close.moved)
  }

  /** It is no more a session of its home. `false`: it was none. */
  leave(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#ending?.cancel()
    this.#home.left(this)
    return true
  }
}
