/**
 * One node among several, put together: its beats, its links, its claims of rooms, and the peers of other nodes in its
 * rooms (`owner/`). The log in Redis stands below it, the rooms of this node on its log. `server.ts` makes it where
 * `REDIS_URL` is set; a simulation makes many.
 */
import type { Answer } from '../author/room.ts'
import type { Clock } from '../clock.ts'
import type { Mount, Route } from '../config/mount.ts'
import type { RoomLogger } from '../define.ts'
import { Claims } from '../log/redis/claims.ts'
import type { RedisLog } from '../log/redis/redis.ts'
import type { RedisCalls } from '../log/redis/redis-calls.ts'
import type { NodeCounts } from '../operations/metrics.ts'
import type { Random } from '../random.ts'
import type { ChainedMessage } from '../room/room-message.ts'
import type { Rooms } from '../room/rooms.ts'
import { within } from '../within.ts'
import { NodeAlarmTurns } from './alarm-turns.ts'
import { Beats } from './beats.ts'
import { type ConfigHashes, hashesOf } from './config-hash.ts'
import { EdgeDismissal } from './edge/edge-dismissal.ts'
import type { EdgeParts } from './edge/edge-parts.ts'
import { NodeRooms } from './edge/node-rooms.ts'
import { Places } from './edge/places.ts'
import type { Link, LinkListener } from './link.ts'
import { LINK_PROTOCOL } from './link-keys.ts'
import type { NodeId } from './link-message.ts'
import { Links } from './links.ts'
import { DialError, type Network } from './network.ts'
import { nodeEvents } from './node-events.ts'
import type { NodeHttp } from './node-http.ts'
import { answerForRooms, OtherRooms, type OwnRooms } from './other-rooms.ts'
import { OwnedLog } from './owned-log.ts'
import { Guests } from './owner/guests.ts'
import { HandOver } from './owner/hand-over.ts'
import { RoomMessages } from './owner/room-messages.ts'
import { Settling } from './owner/settling.ts'
import { Taking } from './owner/taking.ts'
import { Owners } from './owners.ts'
import { Questions } from './questions.ts'
import type { NodeEntry } from './roster.ts'
import { tellHomes, toldHome } from './told-homes.ts'

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
export interface PlacesParts extends Pick<EdgeParts, 'flushQueue' | 'tallyOf'> {
  readonly rooms: Rooms
  readonly routeOf: (path: string) => Route | undefined
}

/** What other nodes ask this one. */
export interface Answering extends OwnRooms {
  /** Delivers a message of another room to one that is here. */
  readonly deliver: (message: ChainedMessage) => Promise<Answer>
}

/** A node that ends waits so long to know who else lives. */
const FRESH_MS = 500

export class Nodes {
  readonly roster: Beats
  /** Claims each room before it opens. */
  readonly log: OwnedLog
  readonly ownership: Owners
  readonly links: Links
  /** Sends messages to rooms of other nodes. */
  readonly messages: RoomMessages
  readonly elsewhere: OtherRooms
  /** The peers of this node in rooms of others, to be dismissed when it ends. */
  readonly ownPeers: EdgeDismissal
  /** Plain HTTP between nodes. Not there: nothing is handed on. */
  http: NodeHttp | undefined
  /** Which node opens a room for its alarm. */
  readonly alarmTurns: NodeAlarmTurns
  readonly #parts: NodesParts
  readonly #questions = new Questions()
  #edge: Places | undefined
  #rooms: NodeRooms | undefined
  #guests: Guests | undefined
  readonly #settling: Settling
  #handOver: HandOver | undefined
  #endWatch = () => {}

  constructor(parts: NodesParts) {
    const { clock, logger, calls, network } = parts
    this.#parts = parts
    this.#settling = new Settling(clock)
    this.roster = new Beats({ ...parts, ...parts.hashes, protocol: LINK_PROTOCOL, events: nodeEvents(this) })
    const { roster } = this
    const claims = new Claims(calls, roster.self)
    this.log = new OwnedLog({
      ...{ log: parts.log, claims, clock, roster, logger },
      mayTake: (owner) => this.ownership.isGone(owner),
      leaveNote: (owner, path) => roster.leaveNote(owner, path),
      claimed: (path, claim, former) => {
        this.ownership.claimed(path, claim, former)
        if (former !== '' && former !== roster.self) this.#settling.began(path, this.ownership.living())
      },
      refused: (path, claim) => this.ownership.refused(path, claim),
      seen: (path) => this.ownership.seen(path),
    })
    this.ownership = new Owners({
      ...{ clock, claims, roster },
      claimOf: (path) => this.log.claimOf(path),
      toldHome: (path) => toldHome(this.links.all(), roster.self, path),
      verify: (path) => void this.log.verify(path),
    })
    this.links = new Links({
      ...{ clock, roster, logger },
      network: network(roster.self),
      beat: () => roster.say({}),
      questions: this.#questions,
      dialled: (link) => this.#dialled(link),
      accepted: (link) => this.#accepted(link),
    })
    const { ownership, links } = this
    tellHomes(this.#questions, roster, ownership)
    this.alarmTurns = new NodeAlarmTurns({
      ...{ clock, claims, roster, ownership },
      remembers: (path, number) => parts.log.remembers(path, number),
      reach: async (node, path) => {
        const refused = (error: unknown) => error instanceof DialError && ownership.doubt(path, node, error.failure)
        await links.to(node).catch(refused)
      },
    })
    this.messages = new RoomMessages({ clock, ownership, links })
    this.elsewhere = new OtherRooms({ clock, roster, links, ownership })
    this.ownPeers = new EdgeDismissal({ clock, peers: () => this.#rooms?.peersElsewhere() ?? [] })
  }

  /** What its rooms need of it. */
  get roomParts() {
    return { mayAct: this.mayAct, isSettling: this.isSettling, turns: this.alarmTurns }
  }

  /** For the metrics. */
  get counts(): NodeCounts {
    const { roster } = this
    const edgePeers = () => this.#rooms?.countElsewhere() ?? []
    return {
      get living() {
        return [...roster.all()].length
      },
      edgePeers,
    }
  }

  /** Whether this node may speak for its rooms. */
  readonly mayAct = (): boolean => this.roster.hasProof

  /** Whether not all peers of a room may be here again that was at another node until now. */
  readonly isSettling = (path: string): boolean => this.#settling.isSettling(path)

  /** The rooms of all nodes, for the gate of this one; other nodes are let into those that are here. Called once. */
  places({ rooms, routeOf, flushQueue, tallyOf }: PlacesParts): NodeRooms {
    const { clock, random, logger } = this.#parts
    const { roster, links, ownership } = this
    const shared = { clock, logger, rooms, routeOf, ownership, brought: this.#settling.brought }
    const places = new Places()
    const nodeRooms = new NodeRooms({ ...shared, random, flushQueue, tallyOf, roster, links, places, held: { all: 0 } })
    const guests = new Guests({
      ...shared,
      termOf: (path) => this.log.claimOf(path)?.term ?? 0,
      verify: async (path) => void (await this.log.verify(path)),
    })
    this.#edge = places
    this.#rooms = nodeRooms
    this.#guests = guests
    const taking = new Taking({ clock, settling: this.#settling, rooms, routeOf, isDraining: () => guests.isDraining })
    taking.answer(this.#questions)
    this.#handOver = new HandOver({ clock, logger, rooms, roster, links, guests, ownPeers: nodeRooms })
    return nodeRooms
  }

  /** Answers the questions of other nodes. Called once, before `start`. */
  answer({ deliver, ...own }: Answering): void {
    answerForRooms(this.#questions, own)
    this.messages.answer(this.#questions, deliver)
  }

  /** `rooms.json` was read anew. */
  async reload(mounts: readonly Mount[]): Promise<void> {
    void this.roster.say(hashesOf(mounts))
    await this.#rooms?.closeStale()
  }

  /** This node ends: its rooms go to others, as many as can within `ms`. Resolves with whether others go on. */
  async handOver(ms: number): Promise<boolean> {
    const { clock } = this.#parts
    const untilMs = clock.monotonic() + ms
    // A node that has just started may be the one that stays.
    await within(clock, Math.min(FRESH_MS, ms / 2), this.roster.say({ isDraining: true }), () => false)
    await this.#handOver?.run(untilMs - clock.monotonic())
    this.http?.drain()
    const { roster, ownership } = this
    const goesOn = ({ id, isDraining }: NodeEntry) => id !== roster.self && !isDraining && !ownership.isGone(id)
    return [...roster.all()].some(goesOn)
  }

  /** Listens, then beats: from then on others may dial this node, and it may take rooms. */
  async start(): Promise<void> {
    const address = await this.links.listen()
    this.#parts.logger.info({ node: this.roster.self, address }, 'this node is open to the links of others')
    await this.roster.start(address)
    this.#endWatch = this.#parts.log.watchSecret()
  }

  /** The rooms have closed. */
  async end(): Promise<void> {
    this.#endWatch()
    await this.http?.close()
    await this.links.close()
    await this.roster.end()
  }

  #dialled(link: Link): LinkListener {
    return this.#edge?.dialled(link) ?? NOBODY
  }

  #accepted(link: Link): LinkListener {
    return this.#guests?.accept(link) ?? NOBODY
  }
}

const NOBODY: LinkListener = { message() {}, over() {} }
