/**
 * What one node may ask another by name: the sums of the lobby, a room to take, a message for a room. Parts of a node say
 * what they answer; `link.ts` asks here when a question arrives.
 */
import type { z } from 'zod'
import { RoomError } from '../errors.ts'
import type { NodeId } from './link-message.ts'
import { fitted } from './link-shapes.ts'

/** Answers with JSON, or a promise of it. A `Refusal` or a `RoomError` that it throws is thrown to the asking node. */
export type Answering<T> = (args: T, from: NodeId) => unknown

/** A question that is known: it answers the node that asks. */
type Asked = (from: NodeId) => unknown

export class Questions {
  readonly #known = new Map<string, (args: unknown) => Asked>()

  /** Says how a question is answered. `shape`: of what is asked with. */
  answer<T>(name: string, shape: z.ZodType<T>, answering: Answering<T>): void {
    if (this.#known.has(name)) throw new Error(`expected one answer to the question "${name}", got a second one`)
    this.#known.set(name, (given) => {
      const args = fitted(shape, given, `the question "${name}"`)
      return (from) => answering(args, from)
    })
  }

  /**
   * What answers a question of another node, or throws, or rejects with, why there is no answer. Throws a `MalformedError`
   * at once if it is not asked as it should be.
   */
  read(name: string, args: unknown): Asked {
    const known = this.#known.get(name)
    if (known) return known(args)
    return () => {
      throw new RoomError(
        'unavailable',
        `this node knows no question "${name}"; is another version of Corridor running?`,
      )
    }
  }
}
