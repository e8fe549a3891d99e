/**
 * Rooms that are handed to this node: each is opened at once, and held open until its edges have had the time to bring its
 * peers. `hand-over.ts` of the other node asks.
 */
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { Route } from '../../config/mount.ts'
import { RoomError } from '../../errors.ts'
import type { Rooms } from '../../room/rooms.ts'
import type { NodeId } from '../link-message.ts'
import type { Questions } from '../questions.ts'
import type { Settling } from './settling.ts'

/** The question: take this room. */
export const TAKE = 'take'
/** `edges`: the nodes that have peers of the room. */
const ASKED = z.object({ path: z.string(), edges: z.array(z.string()).optional() })
/** The code of its refusal: the node that was to have the room ends too. */
export const ENDING = 'ending'
/** How long an empty room waits for its edges. */
const HELD_MS = 5000

export interface TakingParts {
  readonly clock: Clock
  readonly settling: Pick<Settling, 'began'>
  readonly rooms: Pick<Rooms, 'hold'>
  readonly routeOf: (path: string) => Route | undefined
  /** This node ends too. */
  readonly isDraining: () => boolean
}

export class Taking {
  readonly #parts: TakingParts

  constructor(parts: TakingParts) {
    this.#parts = parts
  }

  answer(questions: Questions): void {
    questions.answer(TAKE, ASKED, ({ path, edges }) => this.#take(path, edges))
  }

  async #take(path: string, edges: readonly NodeId[] | undefined): Promise<void> {
    const { clock, rooms, routeOf, isDraining, settling } = this.#parts
    if (isDraining()) throw new RoomError(ENDING, 'it ends too')
    const route = routeOf(path)
    if (!route) throw new RoomError('not_found', `no room is at ${path} on the node that was to have it`)
    settling.began(path, edges)
    const { release } = await rooms.hold(route, nothing)
    clock.after(HELD_MS, release)
  }
}

function nothing(): void {}
