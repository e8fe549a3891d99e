/**
 * Rooms that are handed to this node: each is opened at once, and held open until its edges have had the time to bring its
 * peers. `hand-over.ts` of the other node asks. Until then a room is not complete, which its description says.
 */
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { Route } from '../../config/mount.ts'
import { RoomError } from '../../errors.ts'
import type { Rooms } from '../../room/rooms.ts'
import type { Questions } from '../questions.ts'

/** The question: take this room. */
export const TAKE = 'take'
const ASKED = z.object({ path: z.string() })
/** The code of its refusal: the node that was to have the room ends too. */
export const ENDING = 'ending'
/** How long an empty room waits for its edges. */
const HELD_MS = 5000
/** After so long all living edges have brought their peers. */
const SETTLED_MS = 1000

export interface TakingParts {
  readonly clock: Clock
  readonly rooms: Pick<Rooms, 'hold'>
  readonly routeOf: (path: string) => Route | undefined
  /** This node ends too. */
  readonly isDraining: () => boolean
}

export class Taking {
  readonly #parts: TakingParts
  /** Until when (monotonic), the first first. */
  readonly #settling = new Map<string, number>()

  constructor(parts: TakingParts) {
    this.#parts = parts
  }

  answer(questions: Questions): void {
    questions.answer(TAKE, ASKED, ({ path }) => this.#take(path))
  }

  /** The room was at another node: its edges are about to bring its peers. */
  began(path: string): void {
    const now = this.#parts.clock.monotonic()
    for (const [oldest, untilMs] of this.#settling) {
      if (untilMs > now) break
      this.#settling.delete(oldest)
    }
    this.#settling.delete(path)
    this.#settling.set(path, now + SETTLED_MS)
  }

  /** Whether not all of its peers may have been brought yet. */
  isSettling(path: string): boolean {
    return (this.#settling.get(path) ?? 0) > this.#parts.clock.monotonic()
  }

  async #take(path: string): Promise<void> {
    const { clock, rooms, routeOf, isDraining } = this.#parts
    if (isDraining()) throw new RoomError(ENDING, 'it ends too')
    const route = routeOf(path)
    if (!route) throw new RoomError('not_found', `no room is at ${path} on the node that was to have it`)
    this.began(path)
    const { release } = await rooms.hold(route, nothing)
    clock.after(HELD_MS, release)
  }
}

function nothing(): void {}
