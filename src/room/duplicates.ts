/**
 * Is this message new? The same id from the same client is handled once: what is being handled is known here, what was
 * answered before is known to the log. `exchanges.ts` asks before a handler runs.
 */
import { hash } from 'node:crypto'
import { RoomError } from '../errors.ts'
import type { Answer, Recalled, RoomLog } from '../log/log.ts'
import type { Turn } from './exchange.ts'
import type { Message } from './protocol.ts'

/** `running`: it follows a turn that is not over and gets its answer; an `Answer`: it was handled before. */
export type Known = 'new' | 'running' | Answer

interface Running {
  readonly turn: Turn
  readonly hash: string
}

export class Retries {
  readonly #record: () => RoomLog
  #running: Map<string, Running> | undefined

  constructor(record: () => RoomLog) {
    this.#record = record
  }

  /** Looks a message up, and gives a new one its mark. Throws a `RoomError` `conflict`: another body, or too old. */
  find(turn: Turn, message: Message): Known | Promise<Known> {
    const { client } = turn.peer
    const { id } = message
    if (client === undefined || id === undefined) return 'new'
    const mark = { client, id, hash: bodyHash(message) }
    const running = this.#running?.get(key(client, id))
    if (running) {
      mustBeSame(running.hash, mark.hash)
      running.turn.follow(turn)
      return 'running'
    }
    turn.mark = mark
    this.#running ??= new Map()
    this.#running.set(key(client, id), { turn, hash: mark.hash })
    const answer = this.#record().recall(client, id)
    return answer instanceof Promise ? answer.then((answer) => judge(answer, mark.hash)) : judge(answer, mark.hash)
  }

  /** A turn is over: the next message under its id finds its answer in the log. */
  over(turn: Turn): void {
    const { client } = turn.peer
    if (client === undefined || turn.id === undefined) return
    if (this.#running?.get(key(client, turn.id))?.turn === turn) this.#running.delete(key(client, turn.id))
  }
}

function judge(answer: Recalled, hash: string): Known {
  if (answer === undefined) return 'new'
  if (answer === 'forgotten') throw new RoomError('conflict', 'this id is too old to be known')
  mustBeSame(answer.hash, hash)
  return answer
}

/** No two pairs share a key: the length of the first stands before it. */
function key(client: string, id: string): string {
  return `${client.length}:${client}${id}`
}

function bodyHash({ type, data }: Message): string {
  return hash('sha256', JSON.stringify([type, data]), 'base64url').slice(0, 22)
}

function mustBeSame(known: string, said: string): void {
  if (known !== said) throw new RoomError('conflict', 'another message was said under this id')
}
