/**
 * The answer to a message, and to those that said the same meanwhile: an ack when what its handler published is kept, else
 * an error. `exchanges.ts` and `batches.ts` handle messages and end each of them here, once.
 */

import { LimitError, RoomError, roomErrorOf } from '../errors.ts'
import type { Answer, RoomLog } from '../log/log.ts'
import { countExceeded, type Tally } from '../tally.ts'
import type { Duplicates } from './duplicates.ts'
import type { Exchange } from './exchange.ts'
import type { HandlerCalls } from './handler-calls.ts'
import * as protocol from './protocol.ts'

export interface AnswersParts {
  readonly calls: HandlerCalls
  readonly roomLog: () => RoomLog
  readonly duplicates: Duplicates
  readonly tally: Tally
}

export class Answers {
  readonly #parts: AnswersParts

  constructor(parts: AnswersParts) {
    this.#parts = parts
  }

  /** What the message did is kept. */
  succeed(exchange: Exchange): void {
    this.#parts.duplicates.ended(exchange)
    this.#ack(exchange, exchange.seq, false)
    for (const follower of exchange.inFlightDuplicates) this.#ack(follower, exchange.seq, true)
  }

  /** The answer of before, for the message and for those that came while it was looked for. */
  repeat(exchange: Exchange, { seq }: Answer): void {
    this.#parts.duplicates.ended(exchange)
    exchange.clientKey = undefined
    for (const each of [exchange, ...exchange.inFlightDuplicates]) this.#ack(each, seq, true)
  }

  /** A retry must find what was published before the failure, so the exchange is over only when that is kept or not. */
  fail(exchange: Exchange, thrown: unknown): void {
    const end = () => this.#refuse(exchange, thrown)
    const kept = exchange.kept()
    if (kept) kept.then(end, end)
    else end()
  }

  /** No answer in time: the handler may go on, whoever said the message waits no longer. */
  readonly timeOut = (exchange: Exchange): void => {
    this.#error(exchange, timedOut())
  }

  /** What the author may say is said; anything else is ours or the author's mistake: logged, and `internal` to the peer. */
  errorOf(exchange: Exchange, thrown: unknown): RoomError {
    const error = roomErrorOf(thrown)
    if (error) return error
    this.#parts.calls.failed('receive', thrown, exchange.peer.id)
    return new RoomError('internal', 'the room failed to handle this message')
  }

  #refuse(exchange: Exchange, thrown: unknown): void {
    this.#parts.duplicates.ended(exchange)
    const error = this.errorOf(exchange, thrown)
    if (error instanceof LimitError) countExceeded(this.#parts.tally.exceeded, error.limit)
    for (const each of [exchange, ...exchange.inFlightDuplicates]) this.#error(each, error)
  }

  #error(exchange: Exchange, error: RoomError): void {
    if (exchange.isAnswered) return
    exchange.answer(error)
    this.#parts.tally.failed += 1
    exchange.peer.write(protocol.error(exchange.id, error))
  }

  #ack(exchange: Exchange, seq: number | undefined, isDuplicate: boolean): void {
    if (exchange.isAnswered) return
    exchange.seq ??= seq
    exchange.answer()
    if (exchange.id !== undefined)
      exchange.peer.write(protocol.ack(exchange.id, this.#parts.roomLog().kept, seq, isDuplicate))
  }
}

export function timedOut(): RoomError {
  return new RoomError('unavailable', 'no answer in time; say it again under the same id')
}
