/**
 * A peer: one connection in a room, as the room and its author see it, or the member who lost one and came back with the
 * next. It joins in `room.ts`, speaks through its subscriber (`subscriber.ts`), and closes once.
 */

import { Frame, json } from '../delivery/frame.ts'
import { type Bounds, Subscriber, type SubscriberOwner } from '../delivery/subscriber.ts'
import type { Wire } from '../delivery/wire.ts'
import type { CloseReason } from '../errors.ts'
import { show } from '../mistakes.ts'
import type { Random } from '../random.ts'
import { Bucket, type Rate } from '../token-bucket.ts'
import type { HandlerCalls } from './handler-calls.ts'
import { Sequence } from './sequence.ts'
import type { Via, Visitor } from './session.ts'

/** The room of a peer. */
export interface PeerHost {
  readonly random: Random
  readonly audience: Bounds
  readonly calls: HandlerCalls
  end(peer: LivePeer, reason: CloseReason): void
  gone(peer: LivePeer, subscriber: Subscriber, isLost: boolean): void
}

export abstract class LivePeer implements SubscriberOwner {
  readonly #id: string
  #name: string
  /** The stable id the client chose, which scopes the ids of its messages. */
  readonly client: string | undefined
  /** Of its latest token. */
  claims: Readonly<Record<string, unknown>> | undefined
  via: Via
  /** When its latest token ends, ms since 1970. */
  untilMs: number | undefined
  /** Its place in the audience; another one after it came back. */
  subscriber: Subscriber
  readonly sequence = new Sequence()
  readonly bucket: Bucket
  /** Messages refused for their rate, less those taken since. */
  refused = 0
  /** From its join until it leaves; who only speaks never is. */
  isMember = false
  /** Its connection is lost, and it is waited for. */
  isAway = false
  /** The author's `join` was called. */
  hasJoined = false
  /** The author's `join` let it not in. */
  isRefused = false
  /** The room has ended its stay: what it said and is not handled yet never is. */
  isEnded = false
  hasLeft = false
  /** What it missed is being read for it; `undefined`: it has all of it. */
  catchingUp: Promise<void> | undefined
  /** It goes when what it said is answered; what it says now is refused. */
  isLeaving = false
  /** Messages of its that are not answered yet. */
  #openExchanges = 0
  #settled: (() => void) | undefined
  #data: Record<string, unknown> | undefined
  #connection: string | undefined
  /** The name it came with, whatever the module calls it since. */
  #given: string
  readonly #host: PeerHost

  constructor(visitor: Visitor, wire: Wire, host: PeerHost, rate: Rate, nowMs: number) {
    this.#id = visitor.id
    this.#name = visitor.name
    this.#given = visitor.name
    this.via = visitor.via ?? 'websocket'
    this.#host = host
    this.client = visitor.client
    this.claims = visitor.claims
    this.untilMs = visitor.untilMs
    this.subscriber = new Subscriber(this, wire, host.audience)
    this.bucket = new Bucket(rate, nowMs)
  }

  /** By it the room finds its peers: a module that is plain JavaScript cannot change it either. */
  get id(): string {
    return this.#id
  }

  get name(): string {
    return this.#name
  }

  set name(name: string) {
    if (typeof name !== 'string') throw new TypeError(`peer.name: expected text, got ${show(name)}`)
    this.#name = name
  }

  protected get calls(): HandlerCalls {
    return this.#host.calls
  }

  get data(): Record<string, unknown> {
    this.#data ??= {}
    return this.#data
  }

  /** Its own, where tabs of one person share `id`; made when it is first asked for. */
  get connection(): string {
    this.#connection ??= this.#host.random.id()
    return this.#connection
  }

  get isHere(): boolean {
    return !this.isAway && !this.hasLeft
  }

  /** The author knows it as a member, or will hear of its leave. */
  get isIn(): boolean {
    return this.hasJoined && !this.isRefused && !this.isEnded
  }

  /** It is back with a token of today; a name that its token changed takes the place of the one it has. */
  renew({ claims, name, via }: Visitor): void {
    this.claims = claims
    this.via = via ?? 'websocket'
    if (!claims || name === this.#given) return
    this.#given = name
    this.name = name
  }

  close(code = 1000, reason = ''): void {
    if (code !== 1000 && !(Number.isInteger(code) && code >= 3000 && code <= 4999)) {
      const expected = 'expected the code 1000 or one from 3000 to 4999 (RFC 6455, 7.4)'
      throw new RangeError(`peer.close: ${expected}, got ${show(code)}`)
    }
    // Thrown later, it would leave a peer behind that is half gone.
    if (typeof reason !== 'string') throw new TypeError(`peer.close: expected a reason as text, got ${show(reason)}`)
    this.#host.end(this, { code, reason })
  }

  /** The connection is ended, for what could not be written; the client may come back and resume. */
  cut(subscriber: Subscriber, reason: CloseReason): void {
    subscriber.wire.close(reason)
    this.#host.gone(this, subscriber, true)
  }

  /** Ends the connection after what was said to it. */
  end(reason: CloseReason): void {
    this.subscriber.flush()
    this.subscriber.wire.close(reason)
  }

  /** A message of its is being handled; `answered` follows. */
  exchangeBegan(): void {
    this.#openExchanges += 1
  }

  exchangeEnded(): void {
    this.#openExchanges -= 1
    if (this.#openExchanges > 0) return
    this.#settled?.()
    this.#settled = undefined
  }

  /** Resolves when its handlers have ended and what it said is answered. `undefined`: nothing is open. */
  settled(): undefined | Promise<void> {
    const idle = this.sequence.idle()
    return idle || this.#openExchanges > 0 ? this.#settle(idle) : undefined
  }

  async #settle(idle: undefined | Promise<void>): Promise<void> {
    await idle
    if (this.#openExchanges === 0) return
    // A reload and a drain may both wait.
    const before = this.#settled
    await new Promise<void>((resolve) => {
      this.#settled = () => {
        before?.()
        resolve()
      }
    })
  }

  write(frame: Frame): void {
    if (!this.isEnded) this.subscriber.send(frame)
  }
}

/** A peer of an event room. */
export class LiveEventPeer extends LivePeer {
  send(type: string, data: unknown): void {
    this.calls.mustNotBeGivenUp()
    this.write(new Frame(type, json(data)))
  }
}
