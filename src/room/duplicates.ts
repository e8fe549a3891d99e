/**
 * Is this message new? The same id from the same client is handled once: what is being handled is known here, what was
 * answered before is known to the log. `exchanges.ts` asks before a handler runs.
 */

import { hash } from 'node:crypto'
import { RoomError } from '../errors.ts'
import type { Answer, Recalled, RoomLog } from '../log/log.ts'
import { pairKey } from '../log/pair-key.ts'
import type { Exchange } from './exchange.ts'
import type { Message } from './protocol.ts'

/** `running`: it follows a exchange that is not over and gets its answer; an `Answer`: it was handled before. */
export type Handled = 'new' | 'running' | Answer

interface Running {
  readonly exchange: Exchange
  readonly hash: string
}

export class Duplicates {
  readonly #roomLog: () => RoomLog
  #running: Map<string, Running> | undefined

  constructor(roomLog: () => RoomLog) {
    this.#roomLog = roomLog
  }

  /** Looks a message up, and gives a new one its clientKey. Throws a `RoomError` `conflict`: another body, or too old. */
  find(exchange: Exchange, message: Message): Handled | Promise<Handled> {
    const { client } = exchange.peer
    const { id } = message
    if (client === undefined || id === undefined) return 'new'
    const clientKey = { client, id, hash: bodyHash(message) }
    const running = this.#running?.get(pairKey(client, id))
    if (running) {
      mustBeSame(running.hash, clientKey.hash)
      running.exchange.addDuplicate(exchange)
      return 'running'
    }
    exchange.clientKey = clientKey
    this.#running ??= new Map()
    this.#running.set(pairKey(client, id), { exchange, hash: clientKey.hash })
    const answer = this.#roomLog().recall(client, id)
    return answer instanceof Promise
      ? answer.then((answer) => judge(answer, clientKey.hash))
      : judge(answer, clientKey.hash)
  }

  /** A exchange is over: the next message under its id finds its answer in the log. */
  ended(exchange: Exchange): void {
    const { client } = exchange.peer
    if (client === undefined || exchange.id === undefined) return
    if (this.#running?.get(pairKey(client, exchange.id))?.exchange === exchange)
      this.#running.delete(pairKey(client, exchange.id))
  }
}

function judge(answer: Recalled, hash: string): Handled {
  if (answer === undefined) return 'new'
  if (answer === 'forgotten') throw new RoomError('conflict', 'this id is too old to be known')
  mustBeSame(answer.hash, hash)
  return answer
}

function bodyHash({ type, data }: Message): string {
  return hash('sha256', JSON.stringify([type, data]), 'base64url').slice(0, 22)
}

function mustBeSame(known: string, said: string): void {
  if (known !== said) throw new RoomError('conflict', 'another message was said under this id')
}
