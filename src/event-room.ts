/**
 * An event room: rate → decode → check → the author's handler → ack. Publishing appends to the log and touches no peer;
 * what the log calls back is delivered by `room.ts`.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { catchUp } from './catch-up.ts'
import type { EventDefinition, Handlers, PastEvent, Position, Room } from './define.ts'
import { Close, RoomError } from './errors.ts'
import { json, passing } from './frame.ts'
import { type Lost, offset as offsetOf, parseOffset } from './log/log.ts'
import { EventPeer, type Visitor } from './peer.ts'
import * as protocol from './protocol.ts'
import { type House, LiveRoom, MAX_WAITING, type RoomSettings } from './room.ts'
import { Turn } from './turn.ts'
import type { Wire } from './wire.ts'

/** Over its rate for so many bursts on end, a peer is not careless but hostile. */
const ABUSE_BURSTS = 10

export class LiveEventRoom extends LiveRoom<EventPeer, Handlers> implements Room {
  readonly #definition: EventDefinition
  readonly #turns = new AsyncLocalStorage<Turn>()

  constructor(
    house: House,
    path: string,
    params: Record<string, string>,
    settings: RoomSettings,
    definition: EventDefinition,
  ) {
    super(house, path, params, settings)
    this.#definition = definition
  }

  override receive(peer: EventPeer, data: string | Uint8Array): number {
    if (typeof data !== 'string') {
      this.end(peer, Close.textOnly)
      return 0
    }
    const { rate } = this.settings.limits
    if (!peer.bucket.take(rate, this.house.clock.monotonic())) {
      this.#tooFast(peer, data)
      return 0
    }
    peer.refused = 0
    if (peer.sequence.length >= MAX_WAITING) {
      this.#refuse(
        peer,
        protocol.idOf(data),
        new RoomError('unavailable', 'too many of your messages wait, say it again'),
      )
      return 0
    }
    peer.sequence.run(() => this.#handle(peer, data))
    return 0
  }

  publish(type: string, data: unknown): Promise<Position> {
    this.#mustSend(type)
    const appended = this.record.append(type, json(data))
    const told =
      typeof appended === 'number'
        ? Promise.resolve(this.#position(appended))
        : appended.then((seq) => this.#position(seq))
    const turn = this.#turns.getStore()
    turn?.published(appended, told)
    // Who does not wait for the promise hears of a failure from the turn, or from the log line of the log itself.
    if (typeof appended !== 'number') told.catch(() => {})
    return told
  }

  broadcast(type: string, data: unknown, to?: { except?: object | undefined }): void {
    this.#mustSend(type)
    const except = to?.except as EventPeer | undefined
    this.record.carry(passing(type, json(data)), except?.seat)
  }

  async history(range: { after?: number; limit?: number } = {}): Promise<PastEvent[]> {
    const { record } = this
    const limit = range.limit ?? 100
    const frames = await record.read(range.after ?? Math.max(0, record.seq - limit), limit)
    return frames.map(({ payload, seq }) => ({ ...JSON.parse(String(payload)), offset: offsetOf(record.epoch, seq) }))
  }

  protected override peer(visitor: Visitor, wire: Wire): EventPeer {
    return new EventPeer(visitor, wire, this.settings.limits.rate, this.house.clock.monotonic())
  }

  protected override enter(peer: EventPeer, offset: string | undefined): undefined | Promise<void> {
    const { record, settings } = this
    const { epoch, first, seq } = record
    const resume = offset === undefined ? undefined : this.#resume(offset)
    const newcomer = Math.max(first - 1, seq - settings.history.replay)
    const after = resume && 'after' in resume ? resume.after : newcomer
    const greeting = protocol.welcome({
      room: this.path,
      you: { id: peer.id, name: peer.name },
      epoch,
      first,
      seq,
      ...(resume && { resumed: 'after' in resume }),
      ...(resume && 'lost' in resume && { reason: resume.lost }),
    })
    return catchUp({ log: record, audience: this.audience, clock: this.house.clock }, peer, greeting, after)
  }

  #resume(offset: string): { after: number } | { lost: Lost } {
    const position = parseOffset(offset)
    return position ? this.record.locate(position.epoch, position.seq) : { lost: 'epoch' }
  }

  #handle(peer: EventPeer, text: string): undefined | Promise<void> {
    let turn: Turn | undefined
    try {
      const message = protocol.decode(text, this.#definition.text)
      turn = new Turn(peer, message.id, this.house.clock.monotonic())
      const data = protocol.check(message, this.#definition)
      const handler = this.handlers.receive?.[message.type]
      const result = handler && this.#turns.run(turn, handler, peer as never, data as never)
      if (turn.hasEnded(result)) return void this.#settle(turn)
      const begun = turn
      return (result as Promise<unknown>).then(
        () => void this.#settle(begun),
        (error) => this.#fail(begun, error),
      )
    } catch (error) {
      if (turn) this.#fail(turn, error)
      else this.#refuse(peer, protocol.idOf(text), error as RoomError)
      return undefined
    }
  }

  /** The handler has ended: the ack waits only for the log. */
  #settle(turn: Turn): void {
    const kept = turn.kept()
    if (kept) {
      kept.then(
        () => this.#ack(turn),
        (error) => this.#fail(turn, error),
      )
    } else this.#ack(turn)
  }

  #ack(turn: Turn): void {
    if (turn.isAnswered || turn.id === undefined) return
    turn.isAnswered = true
    turn.peer.say(protocol.ack(turn.id, this.record.kept, turn.seq))
  }

  /** What the author may say is said; anything else is ours or the author's mistake: logged, and `internal` to the peer. */
  #fail(turn: Turn, error: unknown): void {
    if (turn.isAnswered) return
    turn.isAnswered = true
    if (error instanceof RoomError) {
      this.#refuse(turn.peer as EventPeer, turn.id, error)
      return
    }
    this.log.error({ err: error, peer: turn.peer.id }, "the room's receive handler failed")
    this.#refuse(turn.peer as EventPeer, turn.id, new RoomError('internal', 'the room failed to handle this message'))
  }

  #refuse(peer: EventPeer, id: string | undefined, error: RoomError): void {
    if (!peer.hasLeft) peer.say(protocol.error(id, error))
  }

  #tooFast(peer: EventPeer, text: string): void {
    const { rate } = this.settings.limits
    peer.refused += 1
    if (peer.refused > rate.burst * ABUSE_BURSTS) {
      this.end(peer, Close.abuse)
      return
    }
    const waitMs = peer.bucket.waitMs(rate)
    this.#refuse(peer, protocol.idOf(text), new RoomError('rate_limited', `too fast, say it again in ${waitMs} ms`))
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
