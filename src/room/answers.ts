/**
 * The answer to a message and to its duplicates in flight: an ack when all that its handler did is kept, else an error.
 * It is said in the last step of the handler, so that it comes after all that the message caused. `exchanges.ts` and
 * `batches.ts` handle messages and end each of them here, once.
 */

import { LimitError, RepeatedError, RoomError, roomErrorOf } from '../errors.ts'
import type { RoomLog, StoredAnswer } from '../log/log.ts'
import { countExceeded, type Tally } from '../tally.ts'
import type { Duplicates } from './duplicates.ts'
import type { Exchange } from './exchange.ts'
import type { HandlerCalls } from './handler-calls.ts'
import * as protocol from './protocol.ts'
import type { Said, Step } from './step.ts'
import type { Steps } from './steps.ts'

export interface AnswersParts {
  readonly calls: HandlerCalls
  readonly steps: Steps
  readonly roomLog: () => RoomLog
  readonly duplicates: Duplicates
  readonly tally: Tally
}

export class Answers {
  readonly #parts: AnswersParts
  /** Messages whose answer takes a while. */
  #awaited: Set<Exchange> | undefined

  constructor(parts: AnswersParts) {
    this.#parts = parts
  }

  /** Its sender waits for its answer. */
  expect(exchange: Exchange): void {
    this.#awaited ??= new Set()
    this.#awaited.add(exchange)
  }

  /** The room is over: the messages whose answers are awaited get this one. */
  failAll(error: RoomError): void {
    for (const exchange of [...(this.#awaited ?? [])]) this.refuse(exchange, error)
  }

  /** The handler has ended well. `last`: its last step, if that is not sealed yet. */
  succeed(exchange: Exchange, last?: Step): void {
    const { failure } = exchange
    if (failure) {
      this.fail(exchange, failure, last)
      return
    }
    const { steps } = this.#parts
    const step = last ?? steps.open()
    step.addKeys(exchange.takeKeys(step.drafts.length > 0 ? 0 : undefined))
    this.ack(exchange, step)
    steps.seal(step)
  }

  /** Says the ack in a step. */
  ack(exchange: Exchange, step: Step): void {
    step.say(new Ack(this, exchange))
  }

  /** Repeats the answer of the first time, also to the duplicates that arrived during the lookup. */
  repeat(exchange: Exchange, answer: StoredAnswer): void {
    this.#inStep(undefined, (step) => this.repeatIn(step, exchange, answer))
  }

  repeatIn(step: Step, exchange: Exchange, { seq, error }: StoredAnswer): void {
    exchange.clientKey = undefined
    const answer = () => {
      this.#parts.duplicates.ended(exchange)
      for (const each of [exchange, ...exchange.inFlightDuplicates]) {
        if (error) this.#error(each, new RepeatedError(error.code, error.message))
        else this.#ack(each, seq, true)
      }
    }
    // A duplicate of an answered message still advances its producer.
    step.addKeys(exchange.takeKeys(undefined))
    step.say({ size: 0, send: answer, cancelled: (error) => this.refuse(exchange, error) })
  }

  /**
   * Answers with an error, after all that the message has caused. If a part of it is kept, the error is kept under its
   * id, so that a retry gets it too. If its steps could not be kept, that is the error: saying it again is safe.
   */
  fail(exchange: Exchange, thrown: unknown, last?: Step): void {
    const own = this.errorOf(exchange, thrown)
    const error = exchange.isPartlyKept ? forGood(own) : (exchange.unkept ?? own)
    this.#inStep(last, (step) => {
      step.addKeys(exchange.errorKeys(error))
      const refuse = () => this.refuse(exchange, error)
      step.say({ size: 0, send: refuse, cancelled: (failed) => this.refuse(exchange, failed) })
    })
  }

  /** Answers a message whose handler was given up. */
  giveUp(exchange: Exchange): void {
    this.fail(exchange, timedOut())
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

  #inStep(last: Step | undefined, work: (step: Step) => void): void {
    const { steps } = this.#parts
    const step = last ?? steps.open()
    work(step)
    steps.seal(step)
  }

  accept(exchange: Exchange): void {
    this.#parts.duplicates.ended(exchange)
    this.#ack(exchange, exchange.seq, false)
    for (const duplicate of exchange.inFlightDuplicates) this.#ack(duplicate, exchange.seq, true)
  }

  refuse(exchange: Exchange, error: RoomError): void {
    this.#parts.duplicates.ended(exchange)
    if (error instanceof LimitError) countExceeded(this.#parts.tally.exceeded, error.limit)
    for (const each of [exchange, ...exchange.inFlightDuplicates]) this.#error(each, error)
  }

  /** Its peer has left before it was handled: nobody waits for an answer. */
  drop(exchange: Exchange): void {
    this.#end(exchange)
  }

  #end(exchange: Exchange, error?: RoomError): void {
    exchange.answer(error)
    this.#awaited?.delete(exchange)
  }

  #error(exchange: Exchange, error: RoomError): void {
    if (exchange.isAnswered) return
    this.#end(exchange, error)
    this.#parts.tally.failed += 1
    exchange.peer.write(protocol.error(exchange.id, error, exchange.ref))
  }

  #ack(exchange: Exchange, seq: number | undefined, isDuplicate: boolean): void {
    if (exchange.isAnswered) return
    exchange.seq ??= seq
    exchange.isDuplicate = isDuplicate
    // Only now: it may differ from one entry of the log to the next.
    const { kept } = this.#parts.roomLog()
    exchange.kept = kept
    this.#end(exchange)
    const { id, ref } = exchange
    if (id !== undefined || ref !== undefined) exchange.peer.write(protocol.ack(id, kept, seq, isDuplicate, ref))
  }
}

/** The ack of a message, in the last step of its handler. */
class Ack implements Said {
  readonly size = 0
  readonly #answers: Answers
  readonly #exchange: Exchange

  constructor(answers: Answers, exchange: Exchange) {
    this.#answers = answers
    this.#exchange = exchange
  }

  send(): void {
    this.#answers.accept(this.#exchange)
  }

  cancelled(error: RoomError): void {
    this.#answers.refuse(this.#exchange, error)
  }
}

/** As it is kept under an id: `unavailable` means that saying it again may help, which is never so of a part that is kept. */
function forGood(error: RoomError): RoomError {
  if (error.code !== 'unavailable') return error
  return new RoomError('internal', 'a part of what this message did is kept, the rest is not, and never will be')
}

export function timedOut(): RoomError {
  return new RoomError('unavailable', 'no answer in time; send it again with the same id')
}
