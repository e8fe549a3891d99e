/**
 * An event room. A message passes the rate, then `exchanges.ts` (decode, check, the author's handler, ack). Publishing
 * only appends to the log; the log calls back, and `room.ts` delivers.
 */

import type { EventDefinition, Handlers, PastEvent, Position, Room } from '../define.ts'
import { Frame, json } from '../delivery/frame.ts'
import type { Wire } from '../delivery/wire.ts'
import { Close, type CloseReason, LimitError, RoomError } from '../errors.ts'
import { isOffset } from '../log/log.ts'
import { countExceeded } from '../tally.ts'
import { catchUp } from './catch-up.ts'
import { Exchanges } from './exchanges.ts'
import { clearHistory, redact } from './forgetting.ts'
import { mustBeHandlers } from './handlers.ts'
import { type HistoryRange, historyOf } from './history.ts'
import { JoinRefusals } from './join-refusals.ts'
import { isAbusive, notSureOf, refusalOfMessage } from './message-refusals.ts'
import type { EventRoom, EventSession, Posted, Posting, Sender } from './open-room.ts'
import { LiveEventPeer } from './peer.ts'
import { EventPeerSession } from './peer-session.ts'
import { NULL_WIRE, Posts } from './posts.ts'
import * as protocol from './protocol.ts'
import { Readers } from './readers.ts'
import { LiveRoom } from './room.ts'
import type { RoomParts, RoomSettings } from './room-parts.ts'
import type { Visitor } from './session.ts'

export class LiveEventRoom extends LiveRoom<LiveEventPeer, Handlers> implements Room, EventRoom {
  readonly kind = 'event'
  readonly readers: Readers
  /** The event-stream clients that `join` refused lately. */
  readonly #refusals: JoinRefusals
  readonly #definition: EventDefinition
  readonly #options: unknown
  readonly #exchanges: Exchanges
  readonly #posts: Posts

  /** `options`: as parsed by the module's schema. */
  constructor(
    parts: RoomParts,
    path: string,
    params: Record<string, string>,
    settings: RoomSettings,
    definition: EventDefinition,
    options?: unknown,
  ) {
    super(parts, path, params, settings, definition)
    this.#definition = definition
    this.#options = options
    const { clock, deadlines } = parts
    this.#refusals = new JoinRefusals(clock)
    this.readers = new Readers({
      roomLog: () => this.roomLog,
      audience: this.audience,
      clock,
      logger: this.logger,
      mayAct: () => this.mayAct,
      replay: settings.history.replay,
      sendTimeoutMs: settings.limits.sendTimeoutMs,
    })
    this.#exchanges = new Exchanges({
      definition,
      json: settings.limits.json,
      handlers: () => this.handlers,
      roomLog: () => this.roomLog,
      isOver: () => this.isOver,
      calls: this.calls,
      steps: this.steps,
      clock,
      deadlines,
      tally: this.tally,
    })
    const roomLog = () => this.roomLog
    const received = (count: number) => this.#countReceived(count)
    const mayAct = () => this.mayAct
    this.#posts = new Posts({ exchanges: this.#exchanges, roomLog, limits: settings.limits, clock, received, mayAct })
  }

  override join(visitor: Visitor, wire: Wire, offset: string | undefined): EventSession {
    return new EventPeerSession(this, this.addPeer(visitor, wire, offset))
  }

  offset(seq?: number): string {
    return this.readers.offset(seq)
  }

  resumes(offset: string): boolean {
    return 'after' in this.readers.find(offset)
  }

  refusalOf(client: string | undefined): RoomError | undefined {
    return this.#refusals.of(client)
  }

  override receive(peer: LiveEventPeer, data: string | Uint8Array, ref?: number): void {
    if (peer.hasLeft) return
    if (typeof data !== 'string') {
      this.end(peer, Close.textOnly)
      return
    }
    this.#countReceived(1)
    const { limits } = this.settings
    const refusal = this.mayAct ? refusalOfMessage(peer, limits, this.parts.clock.monotonic()) : notSureOf()
    if (!refusal) {
      this.#exchanges.handle(peer, data, ref)
      return
    }
    if (!isAbusive(peer, limits)) {
      this.#refuse(peer, protocol.idOf(data, limits.json), refusal, ref)
      return
    }
    countExceeded(this.tally.exceeded, 'limits.abuse')
    this.end(peer, Close.abuse)
  }

  post(peer: LiveEventPeer, messages: readonly protocol.Message[], how?: Posting): Promise<Posted> {
    return this.#posts.ofMember(peer, messages, how)
  }

  anonymousSender(visitor: Visitor): Sender {
    const peer = this.newPeer(visitor, NULL_WIRE)
    return { post: (messages, how) => this.#posts.take(peer, messages, how) }
  }

  publish(type: string, data: unknown): Promise<Position> {
    this.#mustSend(type)
    const draft = { type, data: json(data) }
    if (this.isOver) return rejected(new RoomError('unavailable', 'this room has closed'))
    try {
      const position = this.steps.current.publish(draft)
      // If the module does not await the promise, a failure is still reported, in the answer to the message.
      position.catch(() => {})
      const { current } = this.calls
      if (current) current.latest = position
      return position
    } catch (error) {
      return rejected(error)
    }
  }

  broadcast(type: string, data: unknown, to?: { except?: object | undefined }): void {
    this.#mustSend(type)
    const except = to?.except
    this.say(new Frame(type, json(data)), except instanceof LiveEventPeer ? except : undefined)
  }

  history(range?: HistoryRange): Promise<PastEvent[]> {
    return historyOf(this.roomLog, range)
  }

  redact(seq: number): Promise<Position> {
    return redact(this.steps, this.roomLog, seq)
  }

  clearHistory(): Promise<Position> {
    return clearHistory(this.steps, this.roomLog, this.audience)
  }

  protected override newPeer(visitor: Visitor, wire: Wire): LiveEventPeer {
    return new LiveEventPeer(visitor, wire, this, this.settings.limits.rate, this.parts.clock.monotonic())
  }

  protected override callOpen(): unknown {
    return this.#definition.open(this, this.#options)
  }

  protected override checkHandlers(handlers: unknown): Handlers {
    mustBeHandlers<Handlers>(handlers, Object.keys(this.#definition.receives ?? {}))
    return handlers
  }

  protected override enter(peer: LiveEventPeer, offset: string | undefined): undefined | Promise<void> {
    const { roomLog, readers } = this
    const { epoch, first, seq } = roomLog
    const resume = offset === undefined ? undefined : readers.find(offset)
    const after = resume && 'after' in resume ? resume.after : readers.newcomerAfter
    // Not from `-1` or `now`, which need not have been here.
    const resumes = offset !== undefined && isOffset(offset) && resume !== undefined && 'after' in resume
    peer.resumed = peer.isMoved || resumes
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
    const { audience, parts, settings } = this
    const context = { roomLog, audience, clock: parts.clock, sendTimeoutMs: settings.limits.sendTimeoutMs }
    return catchUp(context, peer.subscriber, [greeting], after)
  }

  protected override failAll(error: RoomError): void {
    this.#exchanges.failAll(error)
    this.#posts.failAll(error)
  }

  override endReaders(reason: () => CloseReason): void {
    this.readers.endAll(reason)
  }

  protected override refused(peer: LiveEventPeer, error: RoomError): void {
    this.#refuse(peer, undefined, error)
    if (peer.via === 'http' && peer.client !== undefined) this.#refusals.add(peer.client, error)
  }

  #refuse(peer: LiveEventPeer, id: string | undefined, error: RoomError, ref?: number): void {
    this.tally.failed += 1
    if (error instanceof LimitError) countExceeded(this.tally.exceeded, error.limit)
    if (!peer.hasLeft) peer.write(protocol.error(id, error, ref))
  }

  #countReceived(count: number): void {
    this.tally.received += count
    this.received += count
  }

  #mustSend(type: string): void {
    if (this.#definition.sends && Object.hasOwn(this.#definition.sends, type)) return
    const known = Object.keys(this.#definition.sends ?? {}).join(', ') || 'nothing'
    throw new TypeError(
      `room.publish and room.broadcast: expected a type from the module's "sends" (${known}), got "${type}"`,
    )
  }
}

/** For code that outlives its room or call: its events would break into the order of the next room on the same log. */
function rejected(reason: unknown): Promise<never> {
  const rejection = Promise.reject(reason)
  rejection.catch(() => {})
  return rejection
}
