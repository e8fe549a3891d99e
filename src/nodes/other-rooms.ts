/**
 * The rooms of the other nodes, for the lobby and the operator: sums are asked of all nodes, an act on one room of the node
 * where it lives. `operations/elsewhere.ts` is the seam; `nodes.ts` makes it.
 */
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { Acts } from '../operations/acts.ts'
import type { Elsewhere, LiveRooms } from '../operations/elsewhere.ts'
import { liveRooms } from '../operations/live-rooms.ts'
import type { Overview } from '../operations/overview.ts'
import type { RoomLine } from '../operations/room-line.ts'
import type { Rooms } from '../room/rooms.ts'
import { KICK, REDACT, ROOM, SAY } from '../transports/http/admin-requests.ts'
import { within } from '../within.ts'
import type { Link } from './link.ts'
import type { NodeId } from './link-message.ts'
import { linkToOwner, type OwnerLinkParts, unreached } from './owner-link.ts'
import type { Owners } from './owners.ts'
import type { Questions } from './questions.ts'
import type { Roster } from './roster.ts'

const count = z.int().min(0)
/** Sums do without a node that does not answer for so long. */
const SUM_MS = 2000
/** The lobby is asked often; its sums may be as old as this. */
const FRESH_MS = 1000

export interface OtherRoomsParts extends OwnerLinkParts {
  readonly clock: Clock
  readonly ownership: OwnerLinkParts['ownership'] & Pick<Owners, 'known' | 'holderOf'>
  readonly roster: Pick<Roster, 'self' | 'all'>
}

/** What this node answers the others with. */
export interface OwnRooms {
  readonly rooms: Pick<Rooms, 'open'>
  readonly overview: Pick<Overview, 'lines'>
  readonly acts: Pick<Acts, 'here'>
}

const LINES_ASKED = z.object({ after: z.string(), limit: count })
type LinesAsked = z.output<typeof LINES_ASKED>
/** As the paths of the operator take them. */
const ACT_ASKED = z.discriminatedUnion('act', [
  z.object({ act: z.enum(['room', 'restart', 'clear-history', 'erase']), asked: ROOM }),
  z.object({ act: z.literal('kick'), asked: KICK }),
  z.object({ act: z.literal('redact'), asked: REDACT }),
  z.object({ act: z.literal('say'), asked: SAY }),
])
const LIVE: z.ZodType<LiveRooms> = z.record(
  z.string(),
  z.object({ members: count, open: z.array(z.object({ path: z.string(), members: count })) }),
)
const LINES: z.ZodType<RoomLine[]> = z.array(
  z.object({
    room: z.string(),
    module: z.string(),
    state: z.enum(['open', 'failed', 'closed']),
    error: z.string().exactOptional(),
    members: count,
    connections: count,
    seq: count,
    storageBytes: count,
    alarms: count,
    messagesPerSecond: z.number(),
    openedAt: z.number().nullable(),
    node: z.string().nullable(),
  }),
)

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
    // What is open here is acted on also while Redis does not answer.
    if (this.#parts.ownership.known(path)?.at === 'here') return undefined
    const link = (await linkToOwner(this.#parts, path)) ?? (await this.#linkToHolder(path))
    return link && { answer: await link.ask('act', z.unknown(), { act, asked }) }
  }

  /** What a closed room has in the memory of a node is there alone. */
  async #linkToHolder(path: string): Promise<Link | undefined> {
    const { ownership, links } = this.#parts
    const holder = await ownership.holderOf(path)
    if (holder === undefined) return undefined
    return links.to(holder).catch((error: unknown) => Promise.reject(unreached(error)))
  }

  async lines(query: LinesAsked): Promise<RoomLine[]> {
    return (await this.#askAll('lines', LINES, query)).flat()
  }

  live(): Promise<LiveRooms[]> {
    const now = this.#parts.clock.monotonic()
    if (!this.#live || now - this.#live.atMs > FRESH_MS) this.#live = { atMs: now, rooms: this.#askAll('live', LIVE) }
    return this.#live.rooms
  }

  /** The answers of the nodes that answer. */
  async #askAll<T>(name: string, shape: z.ZodType<T>, args?: unknown): Promise<T[]> {
    const { roster, clock } = this.#parts
    const others = [...roster.all()].filter(({ id }) => id !== roster.self)
    const nothing = (): T[] => []
    const answers = others.map(({ id }) => {
      const answer = this.#parts.links.to(id).then((link) => link.ask(name, shape, args))
      const one = answer.then((value) => [value], nothing)
      return within<T[]>(clock, SUM_MS, one, nothing)
    })
    return (await Promise.all(answers)).flat()
  }
}

/** Answers the other nodes' `OtherRooms`. */
export function answerForRooms(questions: Questions, { rooms, overview, acts }: OwnRooms): void {
  questions.answer('live', z.undefined(), () => liveRooms(rooms))
  questions.answer('lines', LINES_ASKED, (query) => overview.lines(query))
  questions.answer('act', ACT_ASKED, ({ act, asked }) => acts.here(act, asked))
}
