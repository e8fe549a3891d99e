/**
 * What an event room does with a message: decode → check → is it a retry? → the author's handler → wait for the log →
 * ack. `event-room.ts` hands texts in after the rate was checked; answers go out through the peer's seat.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from './clock.ts'
import type { Deadlines } from './deadlines.ts'
import type { EventDefinition, Handlers, RoomLogger } from './define.ts'
import { LimitError, RoomError } from './errors.ts'
import type { JsonBounds } from './json-bounds.ts'
import { countBroken } from './limit.ts'
import type { Answer, ProducerMark, RoomLog } from './log/log.ts'
import type { Tally } from './metrics.ts'
import type { EventPeer } from './peer.ts'
import * as protocol from './protocol.ts'
import { type Known, Retries } from './retries.ts'
import { Batch, Turn } from './turn.ts'

export interface TurnParts {
  readonly definition: EventDefinition
  readonly json: JsonBounds
  readonly handlers: () => Handlers
  readonly record: () => RoomLog
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly tally: Tally
  readonly log: RoomLogger
}

export class Turns {
  readonly #parts: TurnParts
  readonly #current = new AsyncLocalStorage<Turn>()
  readonly #retries: Retries

  constructor(parts: TurnParts) {
    this.#parts = parts
    this.#retries = new Retries(parts.record)
  }

  /** The turn whose handler runs now, also after an await of its. */
  get current(): Turn | undefined {
    return this.#current.getStore()
  }

  /** Handles one text frame after those before it. */
  take(peer: EventPeer, text: string): void {
    const turn = new Turn(peer, this.#parts.clock.monotonic())
    // Behind an async handler it may wait longer than an answer may take.
    if (peer.sequence.isBusy) {
      turn.id = protocol.idOf(text, this.#parts.json)
      peer.sequence.run(() => this.#handle(turn, text))
    } else peer.sequence.follow(this.#handle(turn, text))
    if (turn.id !== undefined && !turn.isAnswered) this.#parts.deadlines.add(turn, this.#overdue)
  }

  /**
   * Handles messages that came together (an HTTP append): all are checked first, and their events are kept all or none;
   * only a handler that waits for its own publish has its events kept before the rest. Rejects with a `RoomError`.
   */
  post(peer: EventPeer, messages: readonly protocol.Message[], mark?: ProducerMark): Promise<void> {
    const checked = messages.map((message, index) => ({ message, data: this.#checkAt(index, message) }))
    return new Promise((resolve, reject) => {
      peer.sequence.run(() => this.#batch(peer, checked, mark).then(resolve, reject))
    })
  }

  #handle(turn: Turn, text: string): undefined | Promise<void> {
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
      const data = protocol.check(message, this.#parts.definition)
      const known = this.#retries.find(turn, message)
      if (known instanceof Promise) {
        return known.then((known) => this.#go(turn, message, data, known)).catch((error) => this.#fail(turn, error))
      }
      return this.#go(turn, message, data, known)
    } catch (error) {
      turn.id ??= protocol.idOf(text, this.#parts.json)
      this.#fail(turn, error)
      return undefined
    }
  }

  /** A new message goes to its handler, one that was handled before gets its answer again. */
  #go(turn: Turn, message: protocol.Message, data: unknown, known: Known): undefined | Promise<void> {
    if (known === 'running') return undefined
    if (known === 'new' && !turn.isAnswered && !turn.peer.isEnded) return this.#run(turn, message, data)
    // Overdue while it was looked for, it is never handled: nor are those that follow it.
    if (known === 'new') this.#tell(turn, late())
    else this.#repeat(turn, known)
    return undefined
  }

  #run(turn: Turn, message: protocol.Message, data: unknown): undefined | Promise<void> {
    try {
      const result = this.#call(turn, message, data)
      if (turn.hasEnded(result)) {
        this.#settle(turn)
        return undefined
      }
      return (result as Promise<unknown>).then(() => this.#settle(turn)).catch((error) => this.#fail(turn, error))
    } catch (error) {
      this.#fail(turn, error)
      return undefined
    }
  }

  #call(turn: Turn, { type }: protocol.Message, data: unknown): unknown {
    const handler = this.#parts.handlers().receive?.[type]
    return handler && this.#current.run(turn, handler, turn.peer as never, data as never)
  }

  /** The handler has ended: the ack waits only for the log. */
  #settle(turn: Turn): void {
    turn.remember(this.#parts.record())
    const kept = turn.kept()
    if (!kept) this.#succeed(turn)
    else
      kept.then(
        () => this.#succeed(turn),
        (error) => this.#fail(turn, error),
      )
  }

  #succeed(turn: Turn): void {
    this.#retries.over(turn)
    this.#answer(turn, turn.seq, false)
    for (const follower of turn.followers) this.#answer(follower, turn.seq, true)
  }

  /** The answer of before, for the message and for those that came while it was looked for. */
  #repeat(turn: Turn, { seq }: Answer): void {
    this.#retries.over(turn)
    for (const each of [turn, ...turn.followers]) this.#answer(each, seq, true)
  }

  #answer(turn: Turn, seq: number | undefined, isDuplicate: boolean): void {
    if (turn.isAnswered) return
    turn.answer()
    if (turn.id !== undefined) turn.peer.say(protocol.ack(turn.id, this.#parts.record().kept, seq, isDuplicate))
  }

  /** A retry must find what was published before the failure, so the turn is over only when that is kept or not. */
  #fail(turn: Turn, error: unknown): void {
    const tell = () => this.#tell(turn, error)
    const kept = turn.kept()
    if (kept) kept.then(tell, tell)
    else tell()
  }

  /** What the author may say is said; anything else is ours or the author's mistake: logged, and `internal` to the peer. */
  #tell(turn: Turn, error: unknown): void {
    this.#retries.over(turn)
    if (error instanceof LimitError) countBroken(this.#parts.tally.broken, error.limit)
    const told = this.#told(turn, error)
    for (const each of [turn, ...turn.followers]) {
      if (each.isAnswered) continue
      each.answer(told)
      this.#parts.tally.failed += 1
      each.peer.say(protocol.error(each.id, told))
    }
  }

  #told(turn: Turn, error: unknown): RoomError {
    if (error instanceof RoomError) return error
    this.#parts.log.error({ err: error, peer: turn.peer.id }, "the room's receive handler failed")
    return new RoomError('internal', 'the room failed to handle this message')
  }

  #overdue = (turn: Turn): void => {
    const error = late()
    turn.answer(error)
    this.#parts.tally.failed += 1
    turn.peer.say(protocol.error(turn.id, error))
  }

  #checkAt(index: number, message: protocol.Message): unknown {
    try {
      return protocol.check(message, this.#parts.definition)
    } catch (error) {
      if (!(error instanceof RoomError)) throw error
      throw error.at(index)
    }
  }

  async #batch(peer: EventPeer, checked: { message: protocol.Message; data: unknown }[], mark?: ProducerMark) {
    const batch = new Batch(this.#parts.record(), mark ? [mark] : [])
    const turns: Turn[] = []
    const others: Promise<void>[] = []
    try {
      for (const { message, data } of checked) {
        const turn = new Turn(peer, this.#parts.clock.monotonic(), batch)
        turn.id = message.id
        turns.push(turn)
        const found = this.#retries.find(turn, message)
        // Not a turn of the loop later: what it follows may be answered by then.
        const known = found instanceof Promise ? await found : found
        if (known !== 'new') {
          turns.pop()
          // Said twice in one batch, it is answered with the first; otherwise another request handles it now.
          if (known === 'running' && !turns.some(({ followers }) => followers.includes(turn)))
            others.push(turn.outcome())
          if (typeof known === 'object') this.#repeat(turn, known)
          continue
        }
        if (peer.isEnded) throw new RoomError('forbidden', 'this room has closed the peer')
        const result = this.#call(turn, message, data)
        if (!turn.hasEnded(result)) await this.#handlerOf(result as Promise<unknown>, batch)
      }
      await batch.commit(turns)
      for (const turn of turns) await turn.kept()
    } catch (error) {
      batch.discard()
      const told = turns[0] ? this.#told(turns[0], error) : error
      for (const turn of turns) this.#fail(turn, told)
      throw told
    }
    for (const turn of turns) this.#succeed(turn)
    // Only now, since what they wait for may in turn wait for this.
    await Promise.all(others)
  }

  /** Waits for an async handler; where it waits for an event that is held back, the event is let go. */
  async #handlerOf(result: Promise<unknown>, batch: Batch): Promise<void> {
    let isPending = true
    const ended = result.finally(() => {
      isPending = false
    })
    ended.catch(() => {})
    while (isPending) {
      await new Promise(setImmediate)
      if (isPending && !batch.isEmpty) await batch.commit([])
      else if (isPending)
        await Promise.race([ended, new Promise((resolve) => this.#parts.clock.after(1, () => resolve(undefined)))])
    }
    await ended
  }
}

function late(): RoomError {
  return new RoomError('unavailable', 'no answer in time; say it again under the same id')
}
