/**
 * The answer to a message and to its duplicates in flight: an ack when the events of its handler are kept, else an
 * error. `exchanges.ts` and `batches.ts` handle messages and end each of them here, once.
 */

import { LimitError, RoomError, roomErrorOf } from '../errors.ts'
import type { RoomLog, StoredAnswer } from '../log/log.ts'
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

  /** Acknowledges a message whose events are kept. */
  succeed(exchange: Exchange): void {
    this.#parts.duplicates.ended(exchange)
    this.#ack(exchange, exchange.seq, false)
    for (const duplicate of exchange.inFlightDuplicates) this.#ack(duplicate, exchange.seq, true)
  }

  /** Repeats the answer of the first time, also to the duplicates that arrived during the lookup. */
  repeat(exchange: Exchange, { seq }: StoredAnswer): void {
    this.#parts.duplicates.ended(exchange)
    exchange.clientKey = undefined
    for (const each of [exchange, ...exchange.inFlightDuplicates]) this.#ack(each, seq, true)
  }

  /**
   * Ends the exchange only after its appends have settled, so that a retry finds the events published before the
   * failure.
   */
  fail(exchange: Exchange, thrown: unknown): void {
    const end = () => this.#refuse(exchange, thrown)
    const kept = exchange.kept()
    if (kept) kept.then(end, end)
    else end()
  }

  /** Answers a message whose handler took too long. The handler may still run. */
  readonly timeOut = (exchange: Exchange): void => {
    this.#error(exchange, timedOut())
  }

  /** A `RoomError` goes to the peer as it is. Any other error is logged and reported as `internal`. */
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
    exchange.peer.write(protocol.error(exchange.id, error, exchange.ref))
  }

  #ack(exchange: Exchange, seq: number | undefined, isDuplicate: boolean): void {
    if (exchange.isAnswered) return
    exchange.seq ??= seq
    exchange.answer()
    const { id, ref } = exchange
    if (id !== undefined || ref !== undefined)
      exchange.peer.write(protocol.ack(id, this.#parts.roomLog().kept, seq, isDuplicate, ref))
  }
}

export function timedOut(): RoomError {
  return new RoomError('unavailable', 'no answer in time; send it again with the same id')
}
