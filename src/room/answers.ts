/**
 * The answer to a message, and to those that said the same meanwhile: an ack when what its handler published is kept, else
 * an error. `exchanges.ts` and `batches.ts` handle messages and end each of them here, once.
 */

import { LimitError, RoomError, roomErrorOf } from '../errors.ts'
import type { Answer, RoomLog } from '../log/log.ts'
import { countExceeded, type Tally } from '../tally.ts'
import type { Retries } from './duplicates.ts'
import type { Turn } from './exchange.ts'
import type { Author } from './handler-calls.ts'
import * as protocol from './protocol.ts'

export interface AnswerParts {
  readonly author: Author
  readonly record: () => RoomLog
  readonly retries: Retries
  readonly tally: Tally
}

export class Answers {
  readonly #parts: AnswerParts

  constructor(parts: AnswerParts) {
    this.#parts = parts
  }

  /** What the message did is kept. */
  succeed(turn: Turn): void {
    this.#parts.retries.over(turn)
    this.#ack(turn, turn.seq, false)
    for (const follower of turn.followers) this.#ack(follower, turn.seq, true)
  }

  /** The answer of before, for the message and for those that came while it was looked for. */
  repeat(turn: Turn, { seq }: Answer): void {
    this.#parts.retries.over(turn)
    turn.clientKey = undefined
    for (const each of [turn, ...turn.followers]) this.#ack(each, seq, true)
  }

  /** A retry must find what was published before the failure, so the turn is over only when that is kept or not. */
  fail(turn: Turn, thrown: unknown): void {
    const end = () => this.#refuse(turn, thrown)
    const kept = turn.kept()
    if (kept) kept.then(end, end)
    else end()
  }

  /** No answer in time: the handler may go on, whoever said the message waits no longer. */
  readonly overdue = (turn: Turn): void => {
    this.#error(turn, late())
  }

  /** What the author may say is said; anything else is ours or the author's mistake: logged, and `internal` to the peer. */
  errorOf(turn: Turn, thrown: unknown): RoomError {
    const error = roomErrorOf(thrown)
    if (error) return error
    this.#parts.author.failed('receive', thrown, turn.peer.id)
    return new RoomError('internal', 'the room failed to handle this message')
  }

  #refuse(turn: Turn, thrown: unknown): void {
    this.#parts.retries.over(turn)
    const error = this.errorOf(turn, thrown)
    if (error instanceof LimitError) countExceeded(this.#parts.tally.exceeded, error.limit)
    for (const each of [turn, ...turn.followers]) this.#error(each, error)
  }

  #error(turn: Turn, error: RoomError): void {
    if (turn.isAnswered) return
    turn.answer(error)
    this.#parts.tally.failed += 1
    turn.peer.say(protocol.error(turn.id, error))
  }

  #ack(turn: Turn, seq: number | undefined, isDuplicate: boolean): void {
    if (turn.isAnswered) return
    turn.seq ??= seq
    turn.answer()
    if (turn.id !== undefined) turn.peer.say(protocol.ack(turn.id, this.#parts.record().kept, seq, isDuplicate))
  }
}

export function late(): RoomError {
  return new RoomError('unavailable', 'no answer in time; say it again under the same id')
}
