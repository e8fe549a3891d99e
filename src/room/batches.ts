/**
 * Messages of one HTTP append: all are looked up, then all are handled with nothing between them, in one step, so that
 * all they do is kept or none of it. `exchanges.ts` checks them and hands them in.
 */

import type { Clock } from '../clock.ts'
import { RepeatedError, RoomError } from '../errors.ts'
import type { Kept, ProducerKey, RoomLog } from '../log/log.ts'
import { type Answers, timedOut } from './answers.ts'
import { Call } from './call.ts'
import type { Duplicates, MessageState } from './duplicates.ts'
import { Exchange } from './exchange.ts'
import type { HandlerCalls } from './handler-calls.ts'
import type { Posted } from './open-room.ts'
import type { LiveEventPeer } from './peer.ts'
import type { Message } from './protocol.ts'
import type { Step } from './step.ts'
import type { Steps } from './steps.ts'

/** A message, and its data as parsed by the schema. */
export interface Checked {
  readonly message: Message
  readonly data: unknown
}

export interface BatchesParts {
  readonly calls: HandlerCalls
  readonly clock: Clock
  readonly steps: Steps
  readonly roomLog: () => RoomLog
  readonly duplicates: Duplicates
  readonly answers: Answers
  /** Starts the handler of a message. Returns a promise if it has not ended. */
  readonly handle: (call: Call, peer: LiveEventPeer, message: Message, data: unknown) => Promise<unknown> | undefined
  /** Throws if the room is over or has ended the peer. */
  readonly mustBeOpen: (peer: LiveEventPeer) => void
}

interface Entry extends Checked {
  readonly exchange: Exchange
  state: MessageState | Promise<MessageState>
  /** The index of its first event in the step. */
  draft: number | undefined
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
   * Handles a batch. Resolves, with the seq of its first event, when all of it is kept. If it rejects (with a
   * `RoomError`), nothing is kept. `isLate`: whether the request was already answered as not handled.
   */
  async run(
    peer: LiveEventPeer,
    checked: readonly Checked[],
    producerKey: ProducerKey | undefined,
    isLate: () => boolean,
  ): Promise<Posted> {
    const { answers, steps } = this.#parts
    const entries: Entry[] = []
    const others: Promise<void>[] = []
    const running: Running[] = []
    let step: Step | undefined
    let kept: Kept
    try {
      this.#parts.mustBeOpen(peer)
      for (const each of checked) this.#lookUp(each, new Exchange(peer, this.#now()), entries, others)
      for (const entry of entries) if (entry.state instanceof Promise) entry.state = await entry.state
      if (isLate()) throw timedOut()
      step = steps.open()
      for (const [index, entry] of entries.entries()) {
        // A message before it may have ended the peer.
        this.#parts.mustBeOpen(peer)
        this.#handle(peer, entry, index, step, running)
      }
      if (running.length > 0) await mustHaveEnded(running)
      const fresh = entries.filter(({ state }) => state === 'new')
      if (producerKey) step.addKeys([producerKey])
      kept = await this.#keep(step, fresh)
    } catch (thrown) {
      for (const { call } of running) call.giveUp()
      const [first] = entries
      const error = first && !(thrown instanceof RepeatedError) ? answers.errorOf(first.exchange, thrown) : thrown
      const undone = new RoomError('unavailable', 'another message of the batch failed, nothing of it is kept')
      if (step) steps.discard(step, undone)
      for (const { exchange } of entries) if (!exchange.isAnswered) answers.fail(exchange, error)
      throw error
    }
    // Only now: the request they wait for may itself wait for this one.
    await Promise.all(others)
    return { seq: entries.find(({ exchange }) => exchange.seq !== undefined)?.exchange.seq, kept }
  }

  /** Seals the step with the keys and the acks of its messages. Resolves with how well it is kept. */
  async #keep(step: Step, entries: readonly Entry[]): Promise<Kept> {
    // What it stood on could not be kept.
    if (step.failure) throw step.failure
    const kept = new Promise<Kept>((resolve, reject) => {
      step.owner = {
        sealing() {},
        stepKept: (frames) => {
          for (const { exchange, draft } of entries) {
            if (draft !== undefined) exchange.seq = frames[draft]?.seq
          }
          resolve(this.#parts.roomLog().kept)
        },
        stepFailed: (_step, error) => reject(error),
      }
    })
    for (const { exchange, draft } of entries) {
      step.addKeys(exchange.takeKeys(draft))
      this.#parts.answers.ack(exchange, step)
    }
    this.#parts.steps.seal(step)
    return kept
  }

  #lookUp(checked: Checked, exchange: Exchange, entries: Entry[], others: Promise<void>[]): void {
    const { duplicates } = this.#parts
    exchange.id = checked.message.id
    const entry: Entry = { ...checked, exchange, state: 'new', draft: undefined }
    entries.push(entry)
    entry.state = duplicates.lookUp(exchange, checked.message)
    // It may reject before it is awaited, or without ever being awaited.
    if (entry.state instanceof Promise) entry.state.catch(() => {})
    if (entry.state !== 'inFlight') return
    entries.pop()
    // A duplicate within this batch is answered with its first. Any other is being handled by another request.
    if (!entries.some((entry) => entry.exchange.inFlightDuplicates.includes(exchange))) others.push(exchange.outcome())
  }

  #handle(peer: LiveEventPeer, entry: Entry, index: number, step: Step, running: Running[]): void {
    const { exchange, message, data, state } = entry
    if (state !== 'new') {
      if (typeof state !== 'object' || !('hash' in state)) return
      // Of the batch it is what fails.
      if (state.error) throw new RepeatedError(state.error.code, state.error.message).at(index)
      this.#parts.answers.repeatIn(step, exchange, state)
      return
    }
    const call = new Call(undefined, step)
    const before = step.drafts.length
    const pending = this.#parts.handle(call, peer, message, data)
    if (step.drafts.length > before) entry.draft = before
    if (pending) running.push(watch(index, call, pending))
    else call.hasEnded = true
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
    call.hasEnded = true
  }
}
