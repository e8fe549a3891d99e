/**
 * Messages from one room to another (`room.send`) between nodes: a question over the link to the node that has the other
 * room. The chain of rooms that wait for each other goes with it, and what is left of its time. `room-sender.ts` asks here
 * where a room is elsewhere, and delivers what another node asks for.
 */
import { z } from 'zod'
import type { Answer } from '../../author/room.ts'
import type { Clock } from '../../clock.ts'
import type { ChainedMessage } from '../../room/room-message.ts'
import { linkToOwner, type OwnerLinkParts } from '../owner-link.ts'
import type { Questions } from '../questions.ts'

const QUESTION = 'send'

export interface RoomMessagesParts extends OwnerLinkParts {
  readonly clock: Clock
}

const ASKED = z.object({
  from: z.string(),
  path: z.string(),
  type: z.string(),
  data: z.unknown().optional(),
  id: z.string().optional(),
  /** Of the chain. */
  paths: z.array(z.string()),
  /** How long the first of the chain is still waited for. */
  withinMs: z.number(),
})
const ANSWER: z.ZodType<Answer> = z.object({
  seq: z.int().exactOptional(),
  kept: z.string(),
  duplicate: z.literal(true).exactOptional(),
})

export class RoomMessages {
  readonly #parts: RoomMessagesParts

  constructor(parts: RoomMessagesParts) {
    this.#parts = parts
  }

  /** Answers the questions of other nodes. */
  answer(questions: Questions, deliver: (message: ChainedMessage) => Promise<Answer>): void {
    const { clock } = this.#parts
    questions.answer(QUESTION, ASKED, ({ paths, withinMs, data, id, ...message }) =>
      deliver({ ...message, data, id, chain: { paths, untilMs: clock.monotonic() + withinMs } }),
    )
  }

  /** Delivers a message to a room of another node. Resolves with `undefined` if the room is here. */
  async send({ chain, ...message }: ChainedMessage): Promise<Answer | undefined> {
    const link = await linkToOwner(this.#parts, message.path)
    if (!link) return undefined
    const withinMs = chain.untilMs - this.#parts.clock.monotonic()
    return link.ask(QUESTION, ANSWER, { ...message, paths: chain.paths, withinMs })
  }
}
