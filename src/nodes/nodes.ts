/**
 * One node among several, put together: its beats, its links, its claims of rooms, and the peers of other nodes in its
 * rooms (`owner/`). The log in Redis stands below it, the rooms of this node on its log. `server.ts` makes it where
 * `REDIS_URL` is set; a simulation makes many.
 */
import type { Answer } from '../author/room.ts'
import type { Clock } from '../clock.ts'
import type { Mount, Route } from '../config/mount.ts'
import type { RoomLogger } from '../define.ts'
import type { FlushQueue } from '../delivery/flush-queue.ts'
import { Claims } from '../log/redis/claims.ts'
import type { RedisLog } from '../log/redis/redis.ts'
import type { RedisCalls } from '../log/redis/redis-calls.ts'
import type { Random } from '../random.ts'
import type { ChainedMessage } from '../room/room-message.ts'
import type { Rooms } from '../room/rooms.ts'
import type { Tally } from '../tally.ts'
import { Beats } from './beats.ts'
import { type ConfigHashes, hashesOf } from './config-hash.ts'
import { NodeRooms } from './edge/node-rooms.ts'
import { Places } from './edge/places.ts'
import type { Link, LinkListener } from './link.ts'
import { LINK_PROTOCOL } from './link-keys.ts'
import type { NodeId } from './link-message.ts'
import { Links } from './links.ts'
import type { Network } from './network.ts'
import { answerForRooms, OtherRooms, type OwnRooms } from './other-rooms.ts'
import { OwnedLog } from './owned-log.ts'
import { Guests } from './owner/guests.ts'
import { HandOver } from './owner/hand-over.ts'
import { RoomMessages } from './owner/room-messages.ts'
import { Taking } from './owner/taking.ts'
import { Owners } from './owners.ts'
import { Questions } from './questions.ts'
import type { RosterEvents } from './roster.ts'

export interface NodesParts {
  readonly log: RedisLog
  readonly calls: RedisCalls
  readonly clock: Clock
  readonly random: Random
  readonly logger: RoomLogger
  /** Of `rooms.json` and its modules. */
  readonly hashes: ConfigHashes
  /** Of the package. */
  readonly version: string
  /** What connects this node with the others. */
  readonly network: (self: NodeId) => Network
}

/** The rooms of this node. */
export interface Served extends Omit<OwnRooms, 'rooms'> {
  readonly rooms: Rooms
  readonly routeOf: (path: string) => Route | undefined
  readonly flushQueue: FlushQueue
  readonly tallyOf: (pattern: string) => Tally
  /** Delivers a message of another room to one that is here. */
  readonly deliver: (message: ChainedMessage) => Promise<Answer>
}

export class Nodes {
  readonly roster: Beats
  /** Claims each room before it opens. */
  readonly log: OwnedLog
  readonly ownership: Owners
  readonly links: Links
  /** Sends messages to rooms of other nodes. */
  readonly messages: RoomMessages
  readonly elsewhere: OtherRooms
  readonly #parts: NodesParts
  readonly #questions = new Questions()
  readonly #places = new Places()
  /** The rooms of all nodes, for the peers of this one. Made by `serve`. */
  edge: NodeRooms | undefined
  #guests: Guests | undefined
  #taking: Taking | undefined
  #handOver: HandOver | undefined

  constructor(parts: NodesParts) {
    const { clock, logger, calls, network } = parts
    this.#parts = parts
    this.roster = new Beats({ ...parts, ...parts.hashes, protocol: LINK_PROTOCOL, events: this.#events() })
    const { roster } = this
    const claims = new Claims(calls, roster.self)
    this.log = new OwnedLog({
      ...{ log: parts.log, claims, clock, roster, logger },
      mayTake: (owner) => this.ownership.isGone(owner),
      leaveNote: (owner, path) => roster.leaveNote(owner, path),
      claimed: (path, claim, former) => {
        this.ownership.claimed(path, claim, former)
        if (former !== '' && former !== roster.self) this.#taking?.began(path)
      },
      refused: (path, claim) => this.ownership.refused(path, claim),
    })
    this.ownership = new Owners({
      ...{ clock, claims, roster },
      claimOf: (path) => this.log.claimOf(path),
      verify: (path) => void this.log.verify(path),
    })
    this.links = new Links({
      ...{ clock, roster, logger },
      network: network(roster.self),
      questions: this.#questions,
      dialled: (link) => this.#dialled(link),
      accepted: (link) => this.#accepted(link),
    })
    const { ownership, links } = this
    this.messages = new RoomMessages({ clock, ownership, links })
    this.elsewhere = new OtherRooms({ clock, roster, links, ownership })
  }

  /** Whether this node may speak for its rooms. */
  readonly mayAct = (): boolean => this.roster.hasProof

  /** Whether not all peers of a room may be here again that was at another node until now. */
  readonly isSettling = (path: string): boolean => this.#taking?.isSettling(path) ?? false

  /** Lets other nodes into the rooms of this one. Called once, before `start`. */
  serve({ rooms, routeOf, deliver, flushQueue, tallyOf, ...own }: Served): NodeRooms {
    const { clock, logger, random } = this.#parts
    answerForRooms(this.#questions, { ...own, rooms })
    this.messages.answer(this.#questions, deliver)
    const guests = new Guests({
      ...{ clock, logger, rooms, routeOf },
      ownership: this.ownership,
      termOf: (path) => this.log.claimOf(path)?.term ?? 0,
      verify: async (path) => void (await this.log.verify(path)),
    })
    this.#guests = guests
    this.#taking = new Taking({ clock, rooms, routeOf, isDraining: () => guests.isDraining })
    this.#taking.answer(this.#questions)
    const { roster, links, ownership } = this
    const edge = new NodeRooms({
      ...{ clock, random, logger, flushQueue, tallyOf, roster, ownership, rooms, links, routeOf },
      places: this.#places,
      held: { all: 0 },
    })
    this.edge = edge
    this.#handOver = new HandOver({ clock, logger, rooms, roster, links, guests, ownPeers: edge })
    return edge
  }

  /** `rooms.json` was read anew. */
  reload(mounts: readonly Mount[]): void {
    this.roster.say(hashesOf(mounts))
  }

  /** This node ends: its rooms go to others, as many as can within `ms`. */
  async handOver(ms: number): Promise<void> {
    this.roster.say({ isDraining: true })
    await this.#handOver?.run(ms)
  }

  /** Listens, then beats: from then on others may dial this node, and it may take rooms. */
  async start(): Promise<void> {
    await this.roster.start(await this.links.listen())
  }

  /** The rooms have closed. */
  async end(): Promise<void> {
    await this.links.close()
    await this.roster.end()
  }

  #dialled(link: Link): LinkListener {
    return this.#places.dialled(link)
  }

  #accepted(link: Link): LinkListener {
    return this.#guests?.accept(link) ?? NOBODY
  }

  #events(): RosterEvents {
    return {
      verify: (path) => void this.log.verify(path),
      verifyAll: () => void this.log.verifyAll(),
      moved: (path, owner, term) => this.ownership.moved(path, owner, term),
      died: (_id) => {},
      cutOff: () => this.log.loseAll('this node alone is cut off from Redis'),
      linkWanted: (id) => void this.links.to(id).catch(() => {}),
    }
  }
}

const NOBODY: LinkListener = { message() {}, over() {} }
