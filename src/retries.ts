/**
 * Is this message new? The same id from the same client is handled once: what is being handled is known here, what was
 * answered before is known to the log. `turns.ts` asks before a handler runs.
 */
import { hash } from 'node:crypto'
import type { Clock } from './clock.ts'
import { RoomError } from './errors.ts'
import { type Answer, REMEMBER_MS, type RoomLog } from './log/log.ts'
import type { Message } from './protocol.ts'
import type { Turn } from './turn.ts'

/** `running`: it follows a turn that is not over and gets its answer; an `Answer`: it was handled before. */
export type Known = 'new' | 'running' | Answer

interface Running {
  readonly turn: Turn
  readonly hash: string
}

export class Retries {
  readonly #record: () => RoomLog
  readonly #clock: Clock
  readonly #running = new Map<string, Running>()

  constructor(record: () => RoomLog, clock: Clock) {
    this.#record = record
    this.#clock = clock
  }

  /** Looks a message up, and gives a new one its mark. Throws a `RoomError` `conflict`: another body, or too old. */
  find(turn: Turn, message: Message): Known | Promise<Known> {
    const { client } = turn.peer
    const { id } = message
    if (client === undefined || id === undefined) return 'new'
    const mark = { client, id, hash: bodyHash(message) }
    const running = this.#running.get(key(client, id))
    if (running) {
      mustBeSame(running.hash, mark.hash)
      running.turn.follow(turn)
      return 'running'
    }
    turn.mark = mark
    this.#running.set(key(client, id), { turn, hash: mark.hash })
    const answer = this.#record().recall(client, id)
    return answer instanceof Promise
      ? answer.then((answer) => this.#judge(id, mark.hash, answer))
      : this.#judge(id, mark.hash, answer)
  }

  /** A turn is over: the next message under its id finds its answer in the log. */
  over(turn: Turn): void {
    const { client } = turn.peer
    if (client === undefined || turn.id === undefined) return
    if (this.#running.get(key(client, turn.id))?.turn === turn) this.#running.delete(key(client, turn.id))
  }

  #judge(id: string, hash: string, answer: Answer | undefined): Known {
    if (answer) {
      mustBeSame(answer.hash, hash)
      return answer
    }
    if (isForgotten(id, this.#clock.now())) throw new RoomError('conflict', 'this id is too old to be known')
    return 'new'
  }
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

/** An id that carries its time (UUIDv7, RFC 9562, 5.7) and is older than what is remembered cannot be told from a retry. */
function isForgotten(id: string, nowMs: number): boolean {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(id)) return false
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) < nowMs - REMEMBER_MS
}
