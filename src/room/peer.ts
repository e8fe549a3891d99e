/**
 * A live peer: a member of a room (over one connection, or several one after the other) or an anonymous sender, as the
 * room and its author see it. It joins in `room.ts`, gets frames through its subscriber (`subscriber.ts`), and closes
 * once.
 */

import type { Notes, Who } from '../author/peer.ts'
import { Frame, json } from '../delivery/frame.ts'
import { type Bounds, Subscriber, type SubscriberOwner } from '../delivery/subscriber.ts'
import type { Wire } from '../delivery/wire.ts'
import type { CloseReason } from '../errors.ts'
import { show } from '../mistakes.ts'
import type { Random } from '../random.ts'
import { Bucket, type Rate } from '../token-bucket.ts'
import { FrameToPeer } from './said.ts'
import { Sequence } from './sequence.ts'
import type { Via, Visitor } from './session.ts'
import type { Steps } from './steps.ts'

/** The room of a peer. */
export interface PeerHost {
  readonly random: Random
  readonly audience: Bounds
  readonly steps: Steps
  /** What `peer.data` begins as. Throws what the author's `data` throws. */
  dataOf(who: Who): Notes
  /** The author closes it. */
  expel(peer: LivePeer, reason: CloseReason): void
  gone(peer: LivePeer, subscriber: Subscriber, isLost: boolean): void
}

export abstract class LivePeer implements SubscriberOwner {
  readonly #id: string
  #name: string
  /** The stable id the client chose, which scopes the ids of its messages. */
  readonly client: string | undefined
  /** By which it is known again when it comes back; `undefined`: it is not. */
  readonly key: string | undefined
  /** The claims of its latest token. */
  claims: Readonly<Record<string, unknown>> | undefined
  via: Via
  /** The client's address, of its latest connection. */
  address: string | undefined
  /** When it became a member, ms since 1970; 0: it never did. */
  sinceMs = 0
  /** When its latest token expires, ms since 1970. */
  untilMs: number | undefined
  /** Its place in the audience, a new one after each rejoin. */
  subscriber: Subscriber
  readonly sequence = new Sequence()
  readonly bucket: Bucket
  /** Messages refused for their rate, minus those accepted since. */
  refused = 0
  /** From its join until its leave. Never true for an anonymous sender. */
  isMember = false
  /** Its connection is lost, and it may still rejoin. */
  isAway = false
  /** The author's `join` was called. */
  hasJoined = false
  /** The author's `drop` was called, and `rejoin` not yet. */
  hasDropped = false
  /** The author's `join` refused it. */
  isRefused = false
  /** The room has ended it, or will when the step is kept: its messages that wait are never handled. */
  isEnded = false
  /** What happened to its connection since it was expelled, in case that is undone. */
  goneSince: (() => void) | undefined
  hasLeft = false
  /** It has come with an offset that resumes, or from where the room was before. */
  resumed = false
  readonly isMoved: boolean
  /** When its latest connection began, ms since 1970. */
  begunMs: number | undefined
  /** Resolves when it has caught up with the log; `undefined`: it has. */
  catchingUp: Promise<void> | undefined
  /** It is closed when its messages are answered. New ones are refused. */
  isDismissed = false
  /** How many of its messages are not answered yet. */
  #openExchanges = 0
  #settled: (() => void) | undefined
  #data: Notes | undefined
  #connection: string | undefined
  /** The name it was admitted with. The module may have changed `name` since. */
  #admittedName: string
  readonly #host: PeerHost

  constructor(visitor: Visitor, wire: Wire, host: PeerHost, rate: Rate, nowMs: number) {
    this.#id = visitor.id
    this.#name = visitor.name
    this.#admittedName = visitor.name
    this.via = visitor.via ?? 'websocket'
    this.address = visitor.address
    this.#host = host
    this.client = visitor.client
    this.key = keyOf(visitor)
    this.claims = visitor.claims
    this.untilMs = visitor.untilMs
    this.isMoved = this.resumed = visitor.isMoved ?? false
    this.begunMs = visitor.begunMs
    this.subscriber = new Subscriber(this, wire, host.audience)
    this.bucket = new Bucket(rate, nowMs)
  }

  /** Read-only also for plain JavaScript modules, since the room finds its peers by it. */
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

  get data(): Notes {
    this.#data ??= this.#host.dataOf({ id: this.#id, name: this.#admittedName, claims: this.claims })
    return this.#data
  }

  /** Unique to this peer, while the tabs of one person share `id`. Created on first use. */
  get connection(): string {
    this.#connection ??= this.#host.random.id()
    return this.#connection
  }

  get isHere(): boolean {
    return !this.isAway && !this.hasLeft
  }

  /** The author has accepted its `join`, or is about to. */
  get isIn(): boolean {
    return this.hasJoined && !this.isRefused && !this.isEnded
  }

  /** Takes over the new token at a rejoin. A name that changed in the token replaces the current one. */
  renew({ claims, name, via, address, begunMs }: Visitor): void {
    this.claims = claims
    this.begunMs = begunMs
    this.via = via ?? 'websocket'
    this.address = address
    if (!claims || name === this.#admittedName) return
    this.#admittedName = name
    this.name = name
  }

  close(code = 1000, reason = ''): void {
    if (code !== 1000 && !(Number.isInteger(code) && code >= 3000 && code <= 4999)) {
      const expected = 'expected the code 1000 or one from 3000 to 4999 (RFC 6455, 7.4)'
      throw new RangeError(`peer.close: ${expected}, got ${show(code)}`)
    }
    // If this were thrown later, the peer would be left half closed.
    if (typeof reason !== 'string') throw new TypeError(`peer.close: expected a reason as text, got ${show(reason)}`)
    this.#host.expel(this, { code, reason })
  }

  /** Ends the connection because frames could not be written. The client may reconnect and resume. */
  cut(subscriber: Subscriber, reason: CloseReason): void {
    subscriber.wire.close(reason)
    // Its client may come back, this connection does not.
    this.#host.gone(this, subscriber, this.client !== undefined)
  }

  /** Ends the connection after the pending frames. */
  end(reason: CloseReason): void {
    this.subscriber.flush()
    this.subscriber.wire.close(reason)
  }

  /** One of its messages is being handled. `exchangeEnded` follows. */
  exchangeBegan(): void {
    this.#openExchanges += 1
  }

  exchangeEnded(): void {
    this.#openExchanges -= 1
    if (this.#openExchanges > 0) return
    this.#settled?.()
    this.#settled = undefined
  }

  /** Resolves when its handlers have ended and its messages are answered. `undefined`: nothing is open. */
  settled(): undefined | Promise<void> {
    const idle = this.sequence.idle()
    return idle || this.#openExchanges > 0 ? this.#settle(idle) : undefined
  }

  async #settle(idle: undefined | Promise<void>): Promise<void> {
    await idle
    if (this.#openExchanges === 0) return
    // A reload and a drain may wait at the same time.
    const before = this.#settled
    await new Promise<void>((resolve) => {
      this.#settled = () => {
        before?.()
        resolve()
      }
    })
  }

  /** Sends a frame now. */
  write(frame: Frame): void {
    if (!this.hasLeft) this.subscriber.send(frame)
  }

  /** Sends a frame with the step of the code that runs now. */
  protected say(frame: Frame): void {
    const { steps } = this.#host
    // After its close nothing is sent to it; code that was given up must notice all the same.
    if (this.isEnded) steps.mustNotBeGivenUp()
    else steps.say(new FrameToPeer(this, frame))
  }
}

/** By which a peer is known again. */
export function keyOf({ client, session }: Visitor): string | undefined {
  return client ?? session
}

/** A peer of an event room. */
export class LiveEventPeer extends LivePeer {
  send(type: string, data: unknown): void {
    this.say(new Frame(type, json(data)))
  }
}
