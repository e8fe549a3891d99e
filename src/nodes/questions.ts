/**
 * What one node may ask another by name: the sums of the lobby, a room to take, a message for a room. Parts of a node say
 * what they answer; `link.ts` asks here when a question arrives.
 */
import { RoomError } from '../errors.ts'
import type { NodeId } from './link-message.ts'

/** Answers with JSON, or a promise of it. A `Refusal` or a `RoomError` that it throws is thrown to the asking node. */
export type Answering = (args: unknown, from: NodeId) => unknown

export class Questions {
  readonly #answers = new Map<string, Answering>()

  /** Says how a question is answered. */
  answer(name: string, answering: Answering): void {
    if (this.#answers.has(name)) throw new Error(`expected one answer to the question "${name}", got a second one`)
    this.#answers.set(name, answering)
  }

  /** The answer to a question of another node. Throws, or rejects with, why there is none. */
  ask(name: string, args: unknown, from: NodeId): unknown {
    const answering = this.#answers.get(name)
    if (answering) return answering(args, from)
    throw new RoomError('unavailable', `this node knows no question "${name}"; is another version of Corridor running?`)
  }
}
