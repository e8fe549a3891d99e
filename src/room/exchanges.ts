/**
 * How an event room handles a message: decode → check → duplicate? → the author's handler → wait for the log → ack.
 * `event-room.ts` passes texts in after the rate was checked. Answers go out through the peer's subscriber.
 */

import type { Clock } from '../clock.ts'
import type { JsonBounds } from '../config/mount.ts'
import type { EventDefinition, Handlers } from '../define.ts'
import { RoomError, roomErrorOf } from '../errors.ts'
import type { RoomLog } from '../log/log.ts'
import type { Tally } from '../tally.ts'
import { Answers, timedOut } from './answers.ts'
import { Batches, type Checked } from './batches.ts'
import { Call } from './call.ts'
import type { Deadlines } from './deadlines.ts'
import { Duplicates, type MessageState } from './duplicates.ts'
import { Exchange } from './exchange.ts'
import type { HandlerCalls } from './handler-calls.ts'
import { notSureOf } from './message-refusals.ts'
import type { Posted, Posting } from './open-room.ts'
import type { LiveEventPeer } from './peer.ts'
import * as protocol from './protocol.ts'
import type { Steps } from './steps.ts'

export interface ExchangesParts {
  readonly definition: EventDefinition
  readonly json: JsonBounds
  readonly handlers: () => Handlers
  readonly roomLog: () => RoomLog
  /** The room is closed, and another may be open at its path. Nothing is handled any more. */
  readonly isOver: () => boolean
  readonly calls: HandlerCalls
  readonly steps: Steps
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly tally: Tally
}

export class Exchanges {
  readonly #parts: ExchangesParts
  readonly #duplicates: Duplicates
  readonly #answers: Answers
  readonly #batches: Batches

  constructor(parts: ExchangesParts) {
    const { calls, steps, clock, roomLog, tally } = parts
    this.#parts = parts
    this.#duplicates = new Duplicates(roomLog)
    this.#answers = new Answers({ calls, steps, roomLog, duplicates: this.#duplicates, tally })
    this.#batches = new Batches({
      calls,
      clock,
      steps,
      roomLog,
      duplicates: this.#duplicates,
      answers: this.#answers,
      handle: (...message) => this.#call(...message),
      mustBeOpen: (peer) => this.#mustBeOpen(peer),
    })
  }

  /** Handles a text frame, after those before it. */
  handle(peer: LiveEventPeer, text: string, ref?: number): void {
    const exchange = new Exchange(peer, this.#parts.clock.monotonic(), undefined, ref)
    // Behind an async handler it may wait until it times out, and that answer needs the id.
    if (peer.sequence.isBusy) {
      exchange.id = protocol.idOf(text, this.#parts.json)
      this.#duplicates.expect(exchange)
      peer.sequence.run(() => this.#read(exchange, text))
    } else peer.sequence.follow(this.#read(exchange, text))
    const isAsked = exchange.id !== undefined || ref !== undefined
    if (!isAsked || exchange.isAnswered) return
    this.#answers.expect(exchange)
    this.#parts.deadlines.add(exchange, this.#answers.timeOut)
  }

  /** The room is over: the messages that wait for their answers get this one. */
  failAll(error: RoomError): void {
    this.#answers.failAll(error)
  }

  /**
   * Handles the messages of one HTTP request: one like any other, several together, all or none. Resolves when all are
   * kept; rejects with a `RoomError`.
   */
  post(peer: LiveEventPeer, messages: readonly protocol.Message[], posting: Posting = {}): Promise<Posted> {
    const [first] = messages
    const isAlone = first !== undefined && messages.length === 1
    const checked = isAlone ? [this.#check(first)] : messages.map((message, index) => this.#checkAt(index, message))
    const { producerKey, isLate = () => false } = posting
    return new Promise((resolve, reject) => {
      peer.sequence.run(() => {
        if (isLate()) return reject(timedOut())
        const [alone] = checked
        if (checked.length === 1 && alone) return this.#post(peer, alone, posting, resolve, reject)
        return this.#batches.run(peer, checked, producerKey, isLate).then(resolve, reject)
      })
    })
  }

  /** The next message waits for its handler, as over any wire, but not for the log. */
  #post(
    peer: LiveEventPeer,
    { message, data }: Checked,
    { producerKey, isLate, chain }: Posting,
    resolve: (posted: Posted) => void,
    reject: (error: unknown) => void,
  ): undefined | Promise<void> {
    const exchange = new Exchange(peer, this.#parts.clock.monotonic(), producerKey)
    exchange.id = message.id
    exchange.chain = chain
    const kept = () => {
      const { seq, isDuplicate, kept = this.#parts.roomLog().kept } = exchange
      resolve({ seq, isDuplicate, kept })
    }
    exchange.outcome().then(kept, reject)
    return this.#begin(exchange, message, data, isLate)
  }

  #read(exchange: Exchange, text: string): undefined | Promise<void> {
    const { isEnded, hasLeft } = exchange.peer
    if (exchange.isAnswered || hasLeft) this.#duplicates.ended(exchange)
    // It timed out before it began: it was answered `unavailable` and is never handled, so that a retry is safe.
    if (exchange.isAnswered) return undefined
    if (hasLeft) {
      this.#answers.drop(exchange)
      return undefined
    }
    // The room has closed its peer. It hears this only if that is undone.
    if (isEnded) {
      exchange.id ??= protocol.idOf(text, this.#parts.json)
      this.#answers.fail(exchange, new RoomError('unavailable', 'the room was closing this peer, send it again'))
      return undefined
    }
    try {
      const message = protocol.decode(text, this.#parts.definition.text, this.#parts.json)
      exchange.id = message.id
      const mayBeNull = exchange.peer.via === 'socketio'
      return this.#begin(exchange, message, protocol.check(message, this.#parts.definition, mayBeNull))
    } catch (error) {
      exchange.id ??= protocol.idOf(text, this.#parts.json)
      this.#answers.fail(exchange, error)
      return undefined
    }
  }

  /**
   * Looks for a duplicate, then handles the message. The promise resolves when the handler has ended and never rejects.
   */
  #begin(
    exchange: Exchange,
    message: protocol.Message,
    data: unknown,
    isLate?: () => boolean,
  ): undefined | Promise<void> {
    const failed = (error: unknown) => this.#answers.fail(exchange, error)
    try {
      this.#mustBeOpen(exchange.peer)
      const state = this.#duplicates.lookUp(exchange, message)
      if (state instanceof Promise)
        return state.then((found) => this.#proceed(exchange, message, data, found, isLate)).catch(failed)
      return this.#proceed(exchange, message, data, state)
    } catch (error) {
      failed(error)
      return undefined
    }
  }

  /** A new message goes to its handler. One that was handled before gets its answer again. */
  #proceed(
    exchange: Exchange,
    message: protocol.Message,
    data: unknown,
    state: MessageState,
    isLate?: () => boolean,
  ): undefined | Promise<void> {
    if (state === 'inFlight') return undefined
    if (state !== 'new') this.#answers.repeat(exchange, state)
    // It timed out during the lookup: it is never handled, and neither are its duplicates.
    else if (exchange.isAnswered || exchange.peer.isEnded || isLate?.()) this.#answers.fail(exchange, timedOut())
    else return this.#run(exchange, message, data)
    return undefined
  }

  #run(exchange: Exchange, message: protocol.Message, data: unknown): undefined | Promise<void> {
    const call = new Call(exchange)
    try {
      this.#mustBeOpen(exchange.peer)
      const pending = this.#call(call, exchange.peer, message, data)
      if (pending) return this.#wait(exchange, call, message, pending)
    } catch (error) {
      this.#answers.fail(exchange, error)
      return undefined
    }
    this.#succeed(exchange, call)
    return undefined
  }

  #wait(exchange: Exchange, call: Call, { type }: protocol.Message, pending: Promise<unknown>): Promise<void> {
    const { calls } = this.#parts
    const ended = pending.then(
      () => {
        if (!call.isGivenUp) this.#succeed(exchange, call)
      },
      (error) => {
        if (call.isGivenUp) return calls.failedLate('receive', error, exchange.peer.id)
        this.#answers.fail(exchange, error)
      },
    )
    // Once given up it is over, and a retry is handled anew, unless a part of it is kept.
    return calls.waitForCall(call, `receive.${type}`, ended, exchange.peer.id, () => this.#answers.giveUp(exchange))
  }

  #call(call: Call, peer: LiveEventPeer, { type }: protocol.Message, data: unknown): Promise<unknown> | undefined {
    const handler = this.#parts.handlers().receive?.[type]
    // It existed when the room opened.
    if (!handler) throw new TypeError(`expected a handler for "${type}" in what open returned`)
    return this.#parts.calls.start(call, handler, peer, data)
  }

  #succeed(exchange: Exchange, call: Call): void {
    call.hasEnded = true
    this.#answers.succeed(exchange, call.unsealed)
  }

  #checkAt(index: number, message: protocol.Message): Checked {
    try {
      return this.#check(message)
    } catch (thrown) {
      throw roomErrorOf(thrown)?.at(index) ?? thrown
    }
  }

  #check(message: protocol.Message): Checked {
    return { message, data: protocol.check(message, this.#parts.definition) }
  }

  #mustBeOpen(peer: LiveEventPeer): void {
    if (this.#parts.isOver()) throw new RoomError('unavailable', 'this room has closed, send it again')
    if (peer.isEnded) throw new RoomError('forbidden', 'this room has closed the peer')
    // It may have waited for others, and this server may not speak for the room any more.
    if (!this.#parts.calls.mayRun) throw notSureOf()
  }
}
