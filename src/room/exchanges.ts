/**
 * What an event room does with a message: decode → check → is it a retry? → the author's handler → wait for the log →
 * ack. `event-room.ts` hands texts in after the rate was checked; answers go out through the peer's seat.
 */

import type { Clock } from '../clock.ts'
import type { JsonBounds } from '../config/mount.ts'
import type { EventDefinition, Handlers } from '../define.ts'
import { RoomError, roomErrorOf } from '../errors.ts'
import type { RoomLog } from '../log/log.ts'
import type { Tally } from '../tally.ts'
import { Answers, late } from './answers.ts'
import { Batches, type Checked } from './batches.ts'
import { Call } from './call.ts'
import type { Deadlines } from './deadlines.ts'
import { type Known, Retries } from './duplicates.ts'
import { Turn } from './exchange.ts'
import type { Author } from './handler-calls.ts'
import type { Posting } from './open-room.ts'
import type { EventPeer } from './peer.ts'
import * as protocol from './protocol.ts'

export interface TurnParts {
  readonly definition: EventDefinition
  readonly json: JsonBounds
  readonly handlers: () => Handlers
  readonly record: () => RoomLog
  /** The room is closed, and another may stand at its path: nothing is handled any more. */
  readonly isOver: () => boolean
  readonly author: Author
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly tally: Tally
}

export class Turns {
  readonly #parts: TurnParts
  readonly #retries: Retries
  readonly #answers: Answers
  readonly #batches: Batches

  constructor(parts: TurnParts) {
    const { author, clock, record, tally } = parts
    this.#parts = parts
    this.#retries = new Retries(record)
    this.#answers = new Answers({ author, record, retries: this.#retries, tally })
    this.#batches = new Batches({
      author,
      clock,
      record,
      retries: this.#retries,
      answers: this.#answers,
      handle: (...message) => this.#call(...message),
      mustBeOpen: (peer) => this.#mustBeOpen(peer),
    })
  }

  /** Handles one text frame after those before it. */
  take(peer: EventPeer, text: string): void {
    const turn = new Turn(peer, this.#parts.clock.monotonic())
    // Behind an async handler it may wait longer than an answer may take.
    if (peer.sequence.isBusy) {
      turn.id = protocol.idOf(text, this.#parts.json)
      peer.sequence.run(() => this.#read(turn, text))
    } else peer.sequence.follow(this.#read(turn, text))
    if (turn.id !== undefined && !turn.isAnswered) this.#parts.deadlines.add(turn, this.#answers.overdue)
  }

  /**
   * Handles what came over HTTP: one message as any other, several together, all or none. Resolves with the seq of the
   * first event, when all is kept; rejects with a `RoomError`.
   */
  post(peer: EventPeer, messages: readonly protocol.Message[], posting: Posting = {}): Promise<number | undefined> {
    const checked = messages.map((message, index) => this.#checkAt(index, message))
    const { producerKey, isLate = () => false } = posting
    return new Promise((resolve, reject) => {
      peer.sequence.run(() => {
        if (isLate()) return reject(late())
        const [alone] = checked
        if (checked.length === 1 && alone) return this.#post(peer, alone, posting, resolve, reject)
        return this.#batches.run(peer, checked, producerKey, isLate).then(resolve, reject)
      })
    })
  }

  /** What comes after it waits for its handler, as over any wire, and not for the log. */
  #post(
    peer: EventPeer,
    { message, data }: Checked,
    { producerKey, isLate }: Posting,
    resolve: (seq: number | undefined | Promise<undefined>) => void,
    reject: (error: unknown) => void,
  ): undefined | Promise<void> {
    const turn = new Turn(peer, this.#parts.clock.monotonic(), undefined, producerKey)
    turn.id = message.id
    turn
      .outcome()
      .then(async () => {
        // A producer stands behind what was answered before, too.
        turn.remember(this.#parts.record())
        await turn.kept()
        return turn.seq
      })
      .then(resolve, reject)
    return this.#begin(turn, message, data, isLate)
  }

  #read(turn: Turn, text: string): undefined | Promise<void> {
    // Overdue before it began: it was answered `unavailable` and is never handled, so that saying it again is safe.
    if (turn.isAnswered) return undefined
    // The room has closed its peer, which hears no answer.
    if (turn.peer.isEnded) {
      turn.answer()
      return undefined
    }
    try {
      const message = protocol.decode(text, this.#parts.definition.text, this.#parts.json)
      turn.id = message.id
      return this.#begin(turn, message, protocol.check(message, this.#parts.definition))
    } catch (error) {
      turn.id ??= protocol.idOf(text, this.#parts.json)
      this.#answers.fail(turn, error)
      return undefined
    }
  }

  /** Is it a retry? The promise ends with the handler and never rejects. */
  #begin(turn: Turn, message: protocol.Message, data: unknown, isLate?: () => boolean): undefined | Promise<void> {
    const failed = (error: unknown) => this.#answers.fail(turn, error)
    try {
      this.#mustBeOpen(turn.peer)
      const known = this.#retries.find(turn, message)
      if (known instanceof Promise)
        return known.then((known) => this.#go(turn, message, data, known, isLate)).catch(failed)
      return this.#go(turn, message, data, known)
    } catch (error) {
      failed(error)
      return undefined
    }
  }

  /** A new message goes to its handler, one that was handled before gets its answer again. */
  #go(
    turn: Turn,
    message: protocol.Message,
    data: unknown,
    known: Known,
    isLate?: () => boolean,
  ): undefined | Promise<void> {
    if (known === 'running') return undefined
    if (known !== 'new') this.#answers.repeat(turn, known)
    // Overdue while it was looked for, it is never handled: nor are those that follow it.
    else if (turn.isAnswered || turn.peer.isEnded || isLate?.()) this.#answers.fail(turn, late())
    else return this.#run(turn, message, data)
    return undefined
  }

  #run(turn: Turn, message: protocol.Message, data: unknown): undefined | Promise<void> {
    const call = new Call(turn)
    try {
      this.#mustBeOpen(turn.peer)
      const pending = turn.pending(this.#call(call, turn.peer, message, data))
      if (pending) return this.#wait(turn, call, message, pending)
    } catch (error) {
      call.end()
      this.#answers.fail(turn, error)
      return undefined
    }
    call.end()
    this.#settle(turn)
    return undefined
  }

  #wait(turn: Turn, call: Call, { type }: protocol.Message, pending: Promise<unknown>): Promise<void> {
    const { author } = this.#parts
    const ended = pending.then(
      () => {
        if (call.isGivenUp) return
        call.end()
        this.#settle(turn)
      },
      (error) => {
        if (call.isGivenUp) return author.failedLate('receive', error, turn.peer.id)
        call.end()
        this.#answers.fail(turn, error)
      },
    )
    // Given up, it is over: said again, it is handled anew.
    return author.bound(call, `receive.${type}`, ended, turn.peer.id, () => this.#answers.fail(turn, late()))
  }

  #call(call: Call, peer: EventPeer, { type }: protocol.Message, data: unknown): unknown {
    const handler = this.#parts.handlers().receive?.[type]
    // It was there when the room opened.
    if (!handler) throw new TypeError(`expected a handler for "${type}" in what open returned`)
    return this.#parts.author.run(call, handler, peer, data)
  }

  /** The handler has ended: the ack waits only for the log. Throws nothing, also where the log takes no more ids. */
  #settle(turn: Turn): void {
    try {
      turn.remember(this.#parts.record())
    } catch (error) {
      this.#answers.fail(turn, error)
      return
    }
    const kept = turn.kept()
    if (!kept) this.#answers.succeed(turn)
    else
      kept.then(
        () => this.#answers.succeed(turn),
        (error) => this.#answers.fail(turn, error),
      )
  }

  #checkAt(index: number, message: protocol.Message): Checked {
    try {
      return { message, data: protocol.check(message, this.#parts.definition) }
    } catch (thrown) {
      throw roomErrorOf(thrown)?.at(index) ?? thrown
    }
  }

  #mustBeOpen(peer: EventPeer): void {
    if (this.#parts.isOver()) throw new RoomError('unavailable', 'this room has closed, say it again')
    if (peer.isEnded) throw new RoomError('forbidden', 'this room has closed the peer')
  }
}
