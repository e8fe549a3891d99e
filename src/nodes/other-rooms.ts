/**
 * The rooms of the other nodes, for the lobby and the operator: sums are asked of all nodes, an act on one room of the node
 * where it lives. `operations/elsewhere.ts` is the seam; `nodes.ts` makes it.
 */
import type { Clock } from '../clock.ts'
import type { ActName, Acts, Asked } from '../operations/acts.ts'
import type { Elsewhere, LiveRooms } from '../operations/elsewhere.ts'
import { liveRooms } from '../operations/live-rooms.ts'
import type { Overview } from '../operations/overview.ts'
import type { RoomLine } from '../operations/room-line.ts'
import type { Rooms } from '../room/rooms.ts'
import { within } from '../within.ts'
import type { NodeId } from './link-message.ts'
import { linkToOwner, type OwnerLinkParts } from './owner-link.ts'
import type { Questions } from './questions.ts'
import type { Roster } from './roster.ts'

/** Sums do without a node that does not answer for so long. */
const SUM_MS = 2000
/** The lobby is asked often; its sums may be as old as this. */
const FRESH_MS = 1000

export interface OtherRoomsParts extends OwnerLinkParts {
  readonly clock: Clock
  readonly roster: Pick<Roster, 'self' | 'all'>
}

/** What this node answers the others with. */
export interface OwnRooms {
  readonly rooms: Pick<Rooms, 'open'>
  readonly overview: Pick<Overview, 'lines'>
  readonly acts: Pick<Acts, 'here'>
}

interface LinesAsked {
  readonly after: string
  readonly limit: number
}

interface ActAsked<A extends ActName = ActName> {
  readonly act: A
  readonly asked: Asked[A]
}

export class OtherRooms implements Elsewhere {
  readonly #parts: OtherRoomsParts
  #live: { readonly atMs: number; readonly rooms: Promise<LiveRooms[]> } | undefined

  constructor(parts: OtherRoomsParts) {
    this.#parts = parts
  }

  get node(): NodeId {
    return this.#parts.roster.self
  }

  async run(path: string, act: string, asked: unknown): Promise<{ answer: unknown } | undefined> {
    const link = await linkToOwner(this.#parts, path)
    return link && { answer: await link.ask('act', { act, asked }) }
  }

  async lines(query: LinesAsked): Promise<RoomLine[]> {
    return (await this.#askAll<RoomLine[]>('lines', query)).flat()
  }

  live(): Promise<LiveRooms[]> {
    const now = this.#parts.clock.monotonic()
    if (!this.#live || now - this.#live.atMs > FRESH_MS)
      this.#live = { atMs: now, rooms: this.#askAll<LiveRooms>('live') }
    return this.#live.rooms
  }

  /** The answers of the nodes that answer. All run the same questions: links have a protocol number. */
  async #askAll<T>(name: string, args?: unknown): Promise<T[]> {
    const { roster, clock } = this.#parts
    const others = [...roster.all()].filter(({ id }) => id !== roster.self)
    const nothing = (): T[] => []
    const answers = others.map(({ id }) => {
      const answer = this.#parts.links.to(id).then((link) => link.ask(name, args))
      const one = answer.then((value) => [value as T], nothing)
      return within<T[]>(clock, SUM_MS, one, nothing)
    })
    return (await Promise.all(answers)).flat()
  }
}

/** Answers the other nodes' `OtherRooms`. */
export function answerForRooms(questions: Questions, { rooms, overview, acts }: OwnRooms): void {
  questions.answer('live', () => liveRooms(rooms))
  questions.answer('lines', (query) => overview.lines(query as LinesAsked))
  questions.answer('act', (given) => {
    const { act, asked } = given as ActAsked
    return acts.here(act, asked)
  })
}
