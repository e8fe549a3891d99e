/**
 * Messages of one HTTP append: all are looked up, then all are handled with nothing between them, then their events are
 * kept in one step, or none of them. `exchanges.ts` checks them and hands them in.
 */

import type { Clock } from '../clock.ts'
import { RoomError } from '../errors.ts'
import type { ProducerKey, RoomLog } from '../log/log.ts'
import { type Answers, timedOut } from './answers.ts'
import { Batch } from './batch.ts'
import { Call } from './call.ts'
import type { Duplicates, MessageState } from './duplicates.ts'
import { Exchange } from './exchange.ts'
import type { HandlerCalls } from './handler-calls.ts'
import type { LiveEventPeer } from './peer.ts'
import type { Message } from './protocol.ts'

/** A message, and its data as parsed by the schema. */
export interface Checked {
  readonly message: Message
  readonly data: unknown
}

export interface BatchesParts {
  readonly calls: HandlerCalls
  readonly clock: Clock
  readonly roomLog: () => RoomLog
  readonly duplicates: Duplicates
  readonly answers: Answers
  /** Calls the handler of a message. */
  readonly handle: (call: Call, peer: LiveEventPeer, message: Message, data: unknown) => unknown
  /** Throws if the room is over or has ended the peer. */
  readonly mustBeOpen: (peer: LiveEventPeer) => void
}

interface Entry extends Checked {
  readonly exchange: Exchange
  state: MessageState | Promise<MessageState>
}

/** An async handler: whether it has ended, and what it rejected with. */
interface Running {
  readonly index: number
  readonly call: Call
  hasEnded: boolean
  failure: { readonly error: unknown } | undefined
}

export class Batches {
  readonly #parts: BatchesParts

  constructor(parts: BatchesParts) {
    this.#parts = parts
  }

  /**
   * Handles a batch. Resolves with the seq of its first event when all of it is kept. If it rejects (with a
   * `RoomError`), nothing is kept. `isLate`: whether the request was already answered as not handled.
   */
  async run(
    peer: LiveEventPeer,
    checked: readonly Checked[],
    producerKey: ProducerKey | undefined,
    isLate: () => boolean,
  ): Promise<number | undefined> {
    const { answers, roomLog } = this.#parts
    const batch = new Batch(roomLog(), producerKey ? [producerKey] : [])
    const entries: Entry[] = []
    const others: Promise<void>[] = []
    const running: Running[] = []
    try {
      for (const each of checked) this.#lookUp(each, new Exchange(peer, this.#now(), batch), entries, others)
      for (const entry of entries) if (entry.state instanceof Promise) entry.state = await entry.state
      if (isLate()) throw timedOut()
      for (const [index, entry] of entries.entries()) {
        // A message before it may have ended the peer.
        this.#parts.mustBeOpen(peer)
        this.#handle(peer, entry, index, running)
      }
      if (running.length > 0) await mustHaveEnded(running)
      const fresh = entries.filter(({ state }) => state === 'new').map(({ exchange }) => exchange)
      await batch.commit(fresh)
      for (const exchange of fresh) await exchange.kept()
      for (const exchange of fresh) answers.succeed(exchange)
    } catch (thrown) {
      for (const { call } of running) call.giveUp()
      const error = entries[0] ? answers.errorOf(entries[0].exchange, thrown) : thrown
      batch.discard(new RoomError('unavailable', 'another message of the batch failed, nothing of it is kept'))
      for (const { exchange } of entries) answers.fail(exchange, error)
      throw error
    }
    // Only now: the request they wait for may itself wait for this one.
    await Promise.all(others)
    return entries.find(({ exchange }) => exchange.seq !== undefined)?.exchange.seq
  }

  #lookUp(checked: Checked, exchange: Exchange, entries: Entry[], others: Promise<void>[]): void {
    const { duplicates } = this.#parts
    exchange.id = checked.message.id
    const entry: Entry = { ...checked, exchange, state: 'new' }
    entries.push(entry)
    entry.state = duplicates.lookUp(exchange, checked.message)
    // It may reject before it is awaited, or without ever being awaited.
    if (entry.state instanceof Promise) entry.state.catch(() => {})
    if (entry.state !== 'inFlight') return
    entries.pop()
    // A duplicate within this batch is answered with its first. Any other is being handled by another request.
    if (!entries.some((entry) => entry.exchange.inFlightDuplicates.includes(exchange))) others.push(exchange.outcome())
  }

  #handle(peer: LiveEventPeer, { exchange, message, data, state }: Entry, index: number, running: Running[]): void {
    if (state !== 'new') {
      if (typeof state === 'object' && 'hash' in state) this.#parts.answers.repeat(exchange, state)
      return
    }
    const call = new Call(exchange)
    try {
      const pending = exchange.pending(this.#parts.handle(call, peer, message, data))
      if (pending) running.push(watch(index, call, pending))
      else call.end()
    } catch (error) {
      call.end()
      throw error
    }
  }

  #now(): number {
    return this.#parts.clock.monotonic()
  }
}

function watch(index: number, call: Call, pending: Promise<unknown>): Running {
  const running: Running = { index, call, hasEnded: false, failure: undefined }
  pending.then(
    () => {
      running.hasEnded = true
    },
    (error) => {
      running.hasEnded = true
      running.failure = { error }
    },
  )
  return running
}

/**
 * An async handler that awaits nothing has ended by now. Any other could not keep its events together with the batch's.
 */
async function mustHaveEnded(running: readonly Running[]): Promise<void> {
  // Exactly one microtask: a handler that awaits takes at least two.
  await undefined
  for (const { index, call, hasEnded, failure } of running) {
    if (failure) throw failure.error
    if (!hasEnded) {
      const message = `message ${index}: its handler awaits, so that it cannot be kept together with others; send it alone`
      throw new RoomError('async_in_batch', message)
    }
    call.end()
  }
}
