/**
 * The log in Redis of one node among several: a room is claimed before its log opens, and given up after it has closed.
 * A room that another node has taken is lost here. `owners.ts` decides whose rooms may be taken, `claims.ts` writes
 * who has them.
 */
import type { Clock } from '../clock.ts'
import type { RoomLogger } from '../define.ts'
import type { KeptRoom, RoomAlarm, RoomContents } from '../log/kept-rooms.ts'
import type { Log, LogSpan, LogWarning, Retention, RoomLog } from '../log/log.ts'
import type { Claim } from '../log/redis/position.ts'
import type { RedisLog } from '../log/redis/redis.ts'
import type { HeldRoom, SweptOwner } from '../log/redis/sweep.ts'
import { errorOf } from '../thrown.ts'
import { type ClaimedOpening, type ClaimingParts, claimRoom } from './claiming.ts'
import { OwnedRoomLog } from './owned-room-log.ts'
import { Releases } from './releases.ts'
import type { Roster } from './roster.ts'

/** Rooms that are made sure of at a time. */
const AT_ONCE = 64
/** Between two tries to ask Redis, at first and at most. */
const RETRY_MS = { first: 50, most: 2000 }
/** As long as nobody says how long it may take. */
const CLOSE_MS = 2000

export interface OwnedLogParts extends ClaimingParts {
  readonly log: RedisLog
  readonly clock: Clock
  readonly logger: RoomLogger
  /** What is known of the nodes. */
  readonly roster: Pick<Roster, 'hasProof' | 'warnings'>
}

interface Opening extends ClaimedOpening {
  readonly lost: (reason: string) => void
  isLost: boolean
  /** It is made sure of now. */
  verifying: Promise<boolean> | undefined
}

export class OwnedLog implements Log {
  readonly #parts: OwnedLogParts
  readonly #log: RedisLog
  readonly #openings = new Map<string, Opening>()
  readonly #releases: Releases
  #isClosed = false

  constructor(parts: OwnedLogParts) {
    this.#parts = parts
    this.#log = parts.log
    this.#releases = new Releases(parts)
    parts.log.onOwned = (room) => this.#swept(room)
    parts.log.onHeld = (room) => this.#isHeld(room)
  }

  /** The rooms that are owned here, and how. */
  *owned(): IterableIterator<readonly [path: string, claim: Claim]> {
    for (const [path, { claim, isLost }] of this.#openings) if (claim && !isLost) yield [path, claim]
  }

  claimOf(path: string): Claim | undefined {
    const opening = this.#openings.get(path)
    return opening?.isLost ? undefined : opening?.claim
  }

  /** Rejects with `Elsewhere` if another node has the room. */
  async open(path: string, retention: Retention, lost: (reason: string) => void = () => {}): Promise<RoomLog> {
    const opening: Opening = { path, lost, claim: undefined, isLost: false, verifying: undefined }
    this.#openings.set(path, opening)
    const closed = () => this.#closed(opening)
    try {
      const isOver = () => opening.isLost || this.#openings.get(path) !== opening
      const claim = await claimRoom(this.#parts, opening, isOver)
      const log = await this.#log.open(path, retention, (reason) => this.#lose(opening, reason), claim)
      const isLost = () => opening.isLost
      return new OwnedRoomLog(log, {
        closed,
        get isLost() {
          return isLost()
        },
      })
    } catch (error) {
      void closed()
      throw error
    }
  }

  /**
   * Makes sure that a room which is open here is still owned here; else it is lost. Resolves with whether it is, when
   * Redis has answered.
   */
  verify(path: string): Promise<boolean> {
    const opening = this.#openings.get(path)
    if (!opening?.claim || opening.isLost) return Promise.resolve(false)
    opening.verifying ??= this.#verify(opening, opening.claim).finally(() => {
      opening.verifying = undefined
    })
    return opening.verifying
  }

  /** Makes sure of all rooms here: Redis may have lost who owns them. */
  async verifyAll(): Promise<void> {
    const paths = [...this.#openings.keys()]
    const turn = async () => {
      for (let path = paths.pop(); path !== undefined; path = paths.pop()) await this.verify(path)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, turn))
  }

  /** All rooms here are lost. */
  loseAll(reason: string): void {
    for (const opening of [...this.#openings.values()]) this.#giveUp(opening, reason)
  }

  get key(): Uint8Array {
    return this.#log.key
  }

  get trouble(): string | undefined {
    const { trouble } = this.#log
    if (this.#parts.roster.hasProof || !this.#log.goesOn) return trouble
    return `${trouble ?? 'Redis has not answered a beat'}: this node alone may be cut off, rooms do not go on here`
  }

  /** Redis is away for every node that is known. */
  get goesOn(): boolean {
    return this.#log.goesOn && this.#parts.roster.hasProof
  }

  get warnings(): readonly LogWarning[] {
    return [...this.#log.warnings, ...this.#parts.roster.warnings]
  }

  peek(path: string): Promise<LogSpan | undefined> {
    return this.#log.peek(path)
  }

  alarms(limit: number, after?: RoomAlarm): Promise<RoomAlarm[]> {
    return this.#log.alarms(limit, after)
  }

  rooms(limit: number, after?: string): Promise<KeptRoom[]> {
    return this.#log.rooms(limit, after)
  }

  contents(path: string): Promise<RoomContents | undefined> {
    return this.#log.contents(path)
  }

  /** Wherever the room is open, it is lost there. */
  erase(path: string): Promise<boolean> {
    return this.#log.erase(path)
  }

  backup(): AsyncIterable<Uint8Array> {
    return this.#log.backup()
  }

  async close(ms = CLOSE_MS): Promise<void> {
    this.#isClosed = true
    await this.#releases.end(ms / 2)
    await this.#log.close(ms / 2)
  }

  async #verify(opening: Opening, claim: Claim): Promise<boolean> {
    const { claims, logger } = this.#parts
    for (let pauseMs = RETRY_MS.first; !opening.isLost && !this.#isClosed; pauseMs = longer(pauseMs)) {
      try {
        if (await claims.again(opening.path, claim)) return !opening.isLost
        this.#giveUp(opening, 'another node has taken the room, or Redis has lost it')
      } catch (error) {
        logger.debug({ err: errorOf(error), room: opening.path }, 'it is not known yet who owns a room')
        await this.#pause(pauseMs)
      }
      if (this.#openings.get(opening.path) !== opening) return false
    }
    return false
  }

  /** A room that nobody has: its owner is dead, or it is this node and has not heard that it had claimed it. */
  async #swept({ path, owner, term }: SweptOwner): Promise<void> {
    const { claims, leaveNote, mayTake } = this.#parts
    if (owner === claims.node ? this.#openings.has(path) : !mayTake(owner)) return
    // It may only be frozen: then it has the room again, unless another has it by then.
    if (owner !== claims.node) await leaveNote(owner, path)
    await claims.give(path, { node: owner, term })
  }

  /** An alarm, storage or history may be in the memory of a node alone: the room is known in Redis as long as it lives. */
  async #isHeld({ path, owner, at }: HeldRoom): Promise<boolean> {
    const { claims, mayTake } = this.#parts
    return owner === claims.node ? this.#log.remembers(path, at.number) : !mayTake(owner)
  }

  #giveUp(opening: Opening, reason: string): void {
    if (opening.isLost) return
    this.#log.giveUp(opening.path, reason)
    this.#lose(opening, reason)
  }

  #lose(opening: Opening, reason: string): void {
    if (opening.isLost) return
    opening.isLost = true
    opening.lost(reason)
  }

  /** Gives the room up. Another opening of it has another term. */
  #closed(opening: Opening): Promise<void> {
    if (this.#openings.get(opening.path) === opening) this.#openings.delete(opening.path)
    if (!opening.claim) return Promise.resolve()
    return this.#releases.release(opening.path, opening.claim, this.#log.remembers(opening.path))
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#parts.clock.after(ms, resolve))
  }
}

function longer(pauseMs: number): number {
  return Math.min(RETRY_MS.most, 2 * pauseMs)
}
