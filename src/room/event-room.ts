/**
 * An event room: rate → `exchanges.ts` (decode, check, the author's handler, ack) on the way in. Publishing appends to the
 * log and touches no peer; what the log calls back is delivered by `room.ts`.
 */

import type { EventDefinition, Handlers, PastEvent, Position, Room } from '../define.ts'
import { Frame, json } from '../delivery/frame.ts'
import type { Wire } from '../delivery/wire.ts'
import { Close, type CloseReason, LimitError, RoomError } from '../errors.ts'
import { offset as offsetOf } from '../log/log.ts'
import { countExceeded } from '../tally.ts'
import { givenUp } from './call.ts'
import { catchUp } from './catch-up.ts'
import { Turns } from './exchanges.ts'
import { mustBeHandlers } from './handlers.ts'
import { historyOf } from './history.ts'
import { JoinRefusals } from './join-refusals.ts'
import type { EventRoom, EventSession, Posted, Posting, Sender } from './open-room.ts'
import { EventPeer } from './peer.ts'
import { EventPeerSession } from './peer-session.ts'
import { Posts, UNHEARD } from './posts.ts'
import * as protocol from './protocol.ts'
import { Reading } from './readers.ts'
import { LiveRoom } from './room.ts'
import type { House, RoomSettings } from './room-parts.ts'
import type { Visitor } from './session.ts'

export class LiveEventRoom extends LiveRoom<EventPeer, Handlers> implements Room, EventRoom {
  readonly kind = 'event'
  readonly reading: Reading
  /** Whom `join` let not in lately, over an event stream. */
  readonly #refusals: JoinRefusals
  readonly #definition: EventDefinition
  readonly #options: unknown
  readonly #turns: Turns
  readonly #posts: Posts

  /** `options`: as the module's own schema parsed them. */
  constructor(
    house: House,
    path: string,
    params: Record<string, string>,
    settings: RoomSettings,
    definition: EventDefinition,
    options?: unknown,
  ) {
    super(house, path, params, settings)
    this.#definition = definition
    this.#options = options
    const { clock, deadlines } = house
    this.#refusals = new JoinRefusals(clock)
    this.reading = new Reading({
      record: () => this.record,
      audience: this.audience,
      clock,
      log: this.lateLogger,
      replay: settings.history.replay,
      sendTimeoutMs: settings.limits.sendTimeoutMs,
    })
    this.#turns = new Turns({
      definition,
      json: settings.limits.json,
      handlers: () => this.handlers,
      record: () => this.record,
      isOver: () => this.isOver,
      author: this.author,
      clock,
      deadlines,
      tally: this.tally,
    })
    const record = () => this.record
    this.#posts = new Posts({ turns: this.#turns, record, limits: settings.limits, clock, tally: this.tally })
  }

  override join(visitor: Visitor, wire: Wire, offset: string | undefined): EventSession {
    return new EventPeerSession(this, this.attend(visitor, wire, offset))
  }

  refusalOf(client: string | undefined): RoomError | undefined {
    return this.#refusals.of(client)
  }

  override receive(peer: EventPeer, data: string | Uint8Array): void {
    if (peer.hasLeft) return
    if (typeof data !== 'string') {
      this.end(peer, Close.textOnly)
      return
    }
    this.tally.received += 1
    const { rate, waiting } = this.settings.limits
    if (!peer.bucket.take(rate, this.house.clock.monotonic())) {
      this.#tooFast(peer, data)
      return
    }
    peer.refused = Math.max(0, peer.refused - 1)
    if (peer.isLeaving) {
      this.#refuse(peer, this.#idOf(data), new RoomError('unavailable', 'this room restarts, say it again'))
      return
    }
    if (peer.sequence.length >= waiting) {
      const error = new LimitError('limits.waiting', 'unavailable', 'too many of your messages wait, say it again')
      this.#refuse(peer, this.#idOf(data), error)
      return
    }
    this.#turns.take(peer, data)
  }

  post(peer: EventPeer, messages: readonly protocol.Message[], how?: Posting): Promise<Posted> {
    return this.#posts.ofMember(peer, messages, how)
  }

  anonymousSender(visitor: Visitor): Sender {
    const peer = this.peer(visitor, UNHEARD)
    return { post: (messages, how) => this.#posts.take(peer, messages, how) }
  }

  publish(type: string, data: unknown): Promise<Position> {
    this.#mustSend(type)
    const { current } = this.author
    if (this.isOver) return rejected(new RoomError('unavailable', 'this room has closed'))
    if (current?.isGivenUp) return rejected(givenUp())
    const draft = { type, data: json(data) }
    const publisher = current?.publisher
    const appended = publisher ? publisher.append(this.record, draft) : this.record.append([draft])
    const told =
      typeof appended === 'number'
        ? Promise.resolve(this.#position(appended))
        : appended.then((seq) => this.#position(seq))
    if (publisher) publisher.latest = told
    // Who does not wait for the promise hears of a failure from the message's answer, or from the log line of the log itself.
    told.catch(() => {})
    return told
  }

  broadcast(type: string, data: unknown, to?: { except?: object | undefined }): void {
    this.#mustSend(type)
    this.author.mustCount()
    const except = to?.except
    this.record.carry(new Frame(type, json(data)), except instanceof EventPeer ? except.subscriber : undefined)
  }

  history(range?: { after?: number; limit?: number }): Promise<PastEvent[]> {
    return historyOf(this.record, range)
  }

  protected override peer(visitor: Visitor, wire: Wire): EventPeer {
    return new EventPeer(visitor, wire, this, this.settings.limits.rate, this.house.clock.monotonic())
  }

  protected override opened(): unknown {
    return this.#definition.open(this, this.#options)
  }

  protected override checked(handlers: unknown): Handlers {
    mustBeHandlers<Handlers>(handlers, Object.keys(this.#definition.receives ?? {}))
    return handlers
  }

  protected override enter(peer: EventPeer, offset: string | undefined): undefined | Promise<void> {
    const { record, reading } = this
    const { epoch, first, seq } = record
    const resume = offset === undefined ? undefined : reading.find(offset)
    const after = resume && 'after' in resume ? resume.after : reading.newcomer
    const greeting = protocol.welcome({
      room: this.path,
      you: { id: peer.id, name: peer.name },
      epoch,
      first,
      seq,
      resumed: resume && 'after' in resume,
      reason: resume && 'lost' in resume ? resume.lost : undefined,
      time: this.now(),
      until: peer.untilMs,
    })
    const { audience, house, settings } = this
    const road = { log: record, audience, clock: house.clock, sendTimeoutMs: settings.limits.sendTimeoutMs }
    return catchUp(road, peer.subscriber, [greeting], after)
  }

  override hush(reason: () => CloseReason): void {
    this.reading.dismissAll(reason)
  }

  protected override refused(peer: EventPeer, error: RoomError): void {
    this.#refuse(peer, undefined, error)
    if (peer.via === 'http' && peer.client !== undefined) this.#refusals.add(peer.client, error)
  }

  #refuse(peer: EventPeer, id: string | undefined, error: RoomError): void {
    this.tally.failed += 1
    if (error instanceof LimitError) countExceeded(this.tally.exceeded, error.limit)
    if (!peer.hasLeft) peer.say(protocol.error(id, error))
  }

  #tooFast(peer: EventPeer, text: string): void {
    const { rate, abuse } = this.settings.limits
    peer.refused += 1
    // So many bursts more refused than taken: not careless but hostile.
    if (peer.refused > rate.burst * abuse) {
      countExceeded(this.tally.exceeded, 'limits.abuse')
      this.end(peer, Close.abuse)
      return
    }
    const message = `too fast, say it again in ${peer.bucket.waitMs(rate)} ms`
    this.#refuse(peer, this.#idOf(text), new LimitError('limits.rate', 'rate_limited', message))
  }

  #idOf(text: string): string | undefined {
    return protocol.idOf(text, this.settings.limits.json)
  }

  #position(seq: number): Position {
    return { seq, offset: offsetOf(this.record.epoch, seq) }
  }

  #mustSend(type: string): void {
    if (this.#definition.sends && Object.hasOwn(this.#definition.sends, type)) return
    const known = Object.keys(this.#definition.sends ?? {}).join(', ') || 'nothing'
    throw new TypeError(
      `room.publish and room.broadcast: expected a type from the module's "sends" (${known}), got "${type}"`,
    )
  }
}

/** Of a handler that outlives its room: what it publishes would break into the order of the room that came after. */
function rejected(reason: RoomError): Promise<never> {
  const told = Promise.reject(reason)
  told.catch(() => {})
  return told
}
