/**
 * Finds the home of a room, once: asks who owns it, opens it here or reaches its owner, and brings the peers that have no
 * home. `home-search.ts` says when, and what follows if it fails.
 */
import type { Mount } from '../../config/mount.ts'
import { RoomError } from '../../errors.ts'
import { justClosed } from '../../room/room-refusals.ts'
import type { NodeId } from '../link-message.ts'
import { DialError } from '../network.ts'
import type { Home } from '../ownership.ts'
import type { EdgeParts } from './edge-parts.ts'
import { HomeOver } from './home-over.ts'
import type { Homeless } from './homeless.ts'
import { LocalHome } from './local-home.ts'
import { RemoteHome } from './remote-home.ts'
import type { RoomHome } from './room-home.ts'

/** Redis, which answers each second, is away. */
const SILENT_MS = 3000

/** The room whose home it finds. */
export interface HomeFinderRoom {
  readonly path: string
  readonly mount: Mount
  readonly homeless: Homeless
  /** Its home, as long as that is not over. */
  readonly home: RoomHome | undefined
  /** A home was found: from now on peers join there. */
  settle(home: RoomHome): void
  /** It is about to move from there. */
  hold(): void
  /** It has gone from there. */
  lost(home: RoomHome, to: NodeId | undefined): void
}

export class HomeFinder {
  readonly #parts: EdgeParts
  readonly #room: HomeFinderRoom
  /** The highest term that an owner has named. */
  #term = 0
  /** Where it was found last, if on another node. */
  #last: NodeId | undefined

  constructor(parts: EdgeParts, room: HomeFinderRoom) {
    this.#parts = parts
    this.#room = room
  }

  /** `hint`: where the room is said to be. Rejects with what stands in the way. */
  async find(hint: NodeId | undefined): Promise<RoomHome> {
    const home = this.#room.home ?? (await this.#findNew(hint))
    await this.#room.homeless.bringTo(home)
    return home
  }

  async #findNew(hint: NodeId | undefined): Promise<RoomHome> {
    const { ownership, roster } = this.#parts
    const { path } = this.#room
    const term = Math.max(this.#term, ownership.termOf(path))
    const where = hint === undefined ? await this.#ask(term) : ({ at: 'there', node: hint, term } as const)
    // Each peer says when it began.
    await roster.timeKnown
    if ('join' in where) return where
    return where.at === 'here' ? this.#here() : this.#there(where.node, Math.max(term, where.term))
  }

  /** While Redis does not answer, the node where the room was may say where it is, and lets its peers in if it is there. */
  async #ask(term: number): Promise<Home | RoomHome> {
    const { ownership, roster } = this.#parts
    const { path, homeless } = this.#room
    try {
      return await ownership.find(path, homeless.isUrgent)
    } catch (error) {
      const known = ownership.known(path)
      const node = known?.at === 'there' ? known.node : this.#last
      if (!(error instanceof RoomError) || roster.redisAgeMs < SILENT_MS || node === undefined) throw error
      return await this.#there(node, term).catch((failed: unknown) => {
        if (failed instanceof HomeOver && failed.to !== undefined && failed.to !== roster.self) throw failed
        throw error
      })
    }
  }

  async #here(): Promise<RoomHome> {
    const { brought, roster, rooms, routeOf } = this.#parts
    const { path, homeless } = this.#room
    const route = routeOf(path)
    if (!route) throw justClosed()
    const { room, release } = await rooms.reserve(route, false)
    const home = new LocalHome(rooms, room)
    this.#room.settle(home)
    // Empty, it might close before they are in.
    await homeless.bringTo(home).finally(release)
    brought(path, roster.self)
    return home
  }

  async #there(node: NodeId, term: number): Promise<RoomHome> {
    const { ownership, links, places, clock, flushQueue, tallyOf, logger } = this.#parts
    const { path, mount, homeless } = this.#room
    const link = await links.to(node).catch((error: unknown) => {
      if (error instanceof DialError) ownership.doubt(path, node, error.failure)
      throw error
    })
    const place = places.next()
    const home: RemoteHome = new RemoteHome({
      ...{ clock, flushQueue, logger, link, place, path },
      kind: mount.kind,
      limitBytes: mount.limits.bufferedBytes,
      tally: tallyOf(mount.pattern),
      closed: () => places.remove(link, place),
      attached: (newest) => {
        this.#term = newest
        this.#last = node
        this.#room.settle(home)
      },
      moving: () => this.#room.hold(),
      lost: (to) => {
        if (to === undefined) ownership.doubt(path, node, 'over')
        this.#room.lost(home, to)
      },
    })
    if (!places.add(link, place, home)) throw new HomeOver(node, undefined)
    await home.attach(term, homeless.take())
    return home
  }
}
