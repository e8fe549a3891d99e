/**
 * Recognises duplicates: the same id from the same client is handled once. Messages in flight are known here, answered
 * ones to the log. `exchanges.ts` asks before a handler runs.
 */

import { hash } from 'node:crypto'
import { RoomError } from '../errors.ts'
import type { Recalled, RoomLog, StoredAnswer } from '../log/log.ts'
import { pairKey } from '../log/pair-key.ts'
import type { Exchange } from './exchange.ts'
import type { Message } from './protocol.ts'

/** `inFlight`: a duplicate of a message being handled, whose answer it will get. A `StoredAnswer`: it was handled before. */
export type MessageState = 'new' | 'inFlight' | StoredAnswer

interface InFlight {
  readonly exchange: Exchange
  readonly hash: string
}

export class Duplicates {
  readonly #roomLog: () => RoomLog
  #inFlight: Map<string, InFlight> | undefined
  /** What the log was asked for messages that wait for their turn. The first of a pair that is looked up takes it. */
  #early: Map<string, Promise<Recalled>> | undefined

  constructor(roomLog: () => RoomLog) {
    this.#roomLog = roomLog
  }

  /**
   * A message waits for its turn: if the log has to be asked, it is asked now, so that the messages of a peer do not wait
   * for one answer after the other.
   */
  expect({ peer, id }: Exchange): void {
    const { client } = peer
    if (client === undefined || id === undefined) return
    const pair = pairKey(client, id)
    if (this.#inFlight?.has(pair) || this.#early?.has(pair)) return
    const answer = this.#roomLog().recall(client, id)
    if (!(answer instanceof Promise)) return
    // Whoever looks the message up hears why the log did not answer.
    answer.catch(() => {})
    this.#early ??= new Map()
    this.#early.set(pair, answer)
  }

  /**
   * Looks a message up, and gives a new one its key. Throws a `RoomError` `conflict` if its body differs or its id is
   * too old.
   */
  lookUp(exchange: Exchange, message: Message): MessageState | Promise<MessageState> {
    const { client } = exchange.peer
    const { id } = message
    if (client === undefined || id === undefined) return 'new'
    const clientKey = { client, id, hash: bodyHash(message) }
    const first = this.#inFlight?.get(pairKey(client, id))
    if (first) {
      mustBeSame(first.hash, clientKey.hash)
      first.exchange.addDuplicate(exchange)
      return 'inFlight'
    }
    exchange.clientKey = clientKey
    this.#inFlight ??= new Map()
    this.#inFlight.set(pairKey(client, id), { exchange, hash: clientKey.hash })
    const answer = this.#takeEarly(pairKey(client, id)) ?? this.#roomLog().recall(client, id)
    return answer instanceof Promise
      ? answer.then((answer) => judge(answer, clientKey.hash))
      : judge(answer, clientKey.hash)
  }

  /** The exchange is over: the next message with its id finds the answer in the log. */
  ended(exchange: Exchange): void {
    const { client } = exchange.peer
    if (client === undefined || exchange.id === undefined) return
    const pair = pairKey(client, exchange.id)
    // It was answered before its turn, or its peer has left.
    this.#early?.delete(pair)
    if (this.#inFlight?.get(pair)?.exchange === exchange) this.#inFlight.delete(pair)
  }

  /** Another of this pair may be kept from now on, of which it says nothing. */
  #takeEarly(pair: string): Promise<Recalled> | undefined {
    const early = this.#early?.get(pair)
    this.#early?.delete(pair)
    return early
  }
}

function judge(answer: Recalled, hash: string): MessageState {
  if (answer === undefined) return 'new'
  if (answer === 'forgotten') throw new RoomError('conflict', 'this id is too old to be checked for a duplicate')
  mustBeSame(answer.hash, hash)
  return answer
}

function bodyHash({ type, data }: Message): string {
  return hash('sha256', JSON.stringify([type, data]), 'base64url').slice(0, 22)
}

/** `known`: as a log keeps it, the beginning of the whole hash; of a redacted message nothing is known. */
function mustBeSame(known: string, received: string): void {
  if (!received.startsWith(known)) throw new RoomError('conflict', 'another message was sent with this id')
}
