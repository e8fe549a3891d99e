/**
 * Finds out who owns a room, and decides who takes one of a dead node: the first by rendezvous hash at once, the others a
 * moment later, if it is still to be had. It remembers what it has seen; edges say what was wrong. `claims.ts` asks
 * Redis, `owned-log.ts` claims, `deaths.ts` knows who is dead.
 */
import type { Clock } from '../clock.ts'
import type { Claims } from '../log/redis/claims.ts'
import type { Claim, Position, RoomClaim } from '../log/redis/position.ts'
import { Deaths } from './deaths.ts'
import type { NodeId } from './link-message.ts'
import { type LookedUp, Lookups } from './lookups.ts'
import type { Home, Ownership } from './ownership.ts'
import { isFirst } from './rendezvous.ts'
import type { Roster } from './roster.ts'

/** Who is not the first for a room of a dead node waits so long for the first. */
const OTHERS_MS = 200
/** A room that is being taken holds up others so long, unless it is claimed before. */
const TAKING_MS = 500
/** Of so many rooms is known where they were, the newest. */
const MOST_KNOWN = 50_000

export interface OwnersParts {
  readonly clock: Clock
  readonly claims: Claims
  readonly roster: Pick<Roster, 'self' | 'get' | 'all' | 'isDead' | 'movedMs' | 'answers' | 'announce'>
  /** With which this node owns a room. */
  readonly claimOf: (path: string) => Claim | undefined
  /** Where other nodes say that a room lives: Redis does not answer this one. */
  readonly toldHome: (path: string) => Promise<Home | undefined>
  /** Makes sure that a room that is open here is still owned here. */
  readonly verify: (path: string) => void
}

/** What was last seen of a room. `node`: who owned it; '': nobody, or that is in doubt. */
interface Seen {
  readonly term: number
  readonly node: NodeId | ''
  /** Where it stood when Redis was asked. */
  readonly at?: Position | undefined
}

export class Owners implements Ownership {
  readonly #parts: OwnersParts
  readonly #deaths: Deaths
  readonly #lookups: Lookups<Home>
  /** By path, the oldest first. */
  readonly #seen = new Map<string, Seen>()
  /** Who waits for the claim of a room that is being taken. */
  readonly #taking = new Map<string, () => void>()

  constructor(parts: OwnersParts) {
    this.#parts = parts
    this.#deaths = new Deaths(parts)
    this.#lookups = new Lookups(parts.clock, (path, isAgain) => this.#look(path, isAgain))
  }

  async find(path: string, isUrgent = false): Promise<Home> {
    return this.#parts.claimOf(path) ? HERE : this.#lookups.find(path, isUrgent)
  }

  hurry(path: string): void {
    this.#lookups.hurry(path)
  }

  known(path: string): Home | undefined {
    if (this.#parts.claimOf(path)) return HERE
    const seen = this.#seen.get(path)
    if (!seen || seen.node === '' || seen.node === this.#parts.roster.self) return undefined
    return this.#deaths.isGone(seen.node) ? undefined : { at: 'there', node: seen.node, term: seen.term }
  }

  doubt(path: string, node: NodeId, why: 'over' | 'refused' | 'unreachable'): void {
    const seen = this.#seen.get(path)
    if (seen?.node === node) this.#seen.set(path, { term: seen.term, node: '' })
    if (why === 'refused') this.#deaths.refused(node)
  }

  termOf(path: string): number {
    return Math.max(this.#parts.claimOf(path)?.term ?? 0, this.#seen.get(path)?.term ?? 0)
  }

  /** Another node that lives and has a closed room without durable history in its memory. */
  async holderOf(path: string): Promise<NodeId | undefined> {
    const { claims, roster } = this.#parts
    const holder = await claims.holderOf(path)
    if (holder === '' || holder === roster.self || (await this.judge(holder))) return undefined
    return roster.get(holder) && holder
  }

  /** A node has said where a room lives: an owner that an edge has reached, or who has taken it. */
  moved(path: string, node: NodeId, term: number): void {
    const claim = this.#parts.claimOf(path)
    if (term > this.termOf(path)) this.#see(path, { term, node })
    if (claim && node !== claim.node && term > claim.term) this.#parts.verify(path)
  }

  /** Whether the rooms of a node may be taken now. */
  readonly isGone = (node: NodeId): boolean => this.#deaths.isGone(node)

  /** What was seen of a room when it was looked for. */
  readonly seen = (path: string): RoomClaim | undefined => {
    const seen = this.#seen.get(path)
    return seen?.at && { owner: seen.node, term: seen.term, at: seen.at }
  }

  /** This node owns a room from now on, which had this owner before ('': none). */
  readonly claimed = (path: string, { term, node }: Claim, former: NodeId | ''): void => {
    this.#see(path, { term, node })
    this.#taking.get(path)?.()
    if (former !== '' && former !== node) this.#parts.roster.announce(path, node, term)
  }

  /** This node was to open a room which that one has. */
  readonly refused = (path: string, { term, owner }: RoomClaim): void => {
    this.#see(path, { term, node: owner })
    this.#taking.get(path)?.()
  }

  async #look(path: string, isAgain: boolean): Promise<LookedUp<Home>> {
    const { claims, claimOf, roster } = this.#parts
    if (claimOf(path)) return { found: HERE }
    const claim = await claims.look(path).catch(async (error: unknown) => {
      const found = await this.#parts.toldHome(path)
      if (!found) throw error
      return { found }
    })
    if ('found' in claim) return claim
    const { owner, term, at } = claim
    this.#see(path, { term, node: owner, at })
    if (owner === '' || owner === roster.self) return { found: HERE }
    if (!(await this.#deaths.judge(owner))) return { found: { at: 'there', node: owner, term } }
    if (!isAgain && !this.isToTake(path)) return { againMs: OTHERS_MS }
    return { found: HERE, held: this.#taken(path) }
  }

  /** The same, asked through Redis where there is a doubt. */
  judge(node: NodeId): Promise<boolean> {
    return this.#deaths.judge(node)
  }

  /**
   * Whether this node is the first of all to take a room that nobody has. One that ends takes nothing before others had the
   * time to.
   */
  isToTake(path: string): boolean {
    const { roster } = this.#parts
    const able: NodeId[] = []
    for (const { id, isDraining } of roster.all()) if (!isDraining && !this.isGone(id)) able.push(id)
    return able.includes(roster.self) && isFirst(roster.self, able, path)
  }

  /** The nodes that may have peers of a room. */
  living(): NodeId[] {
    return [...this.#parts.roster.all()].map(({ id }) => id).filter((id) => !this.isGone(id))
  }

  /** Resolves when the room is claimed, or has to be waited for too long. */
  #taken(path: string): Promise<void> {
    return new Promise((resolve) => {
      const ended = () => {
        cancel()
        if (this.#taking.get(path) === ended) this.#taking.delete(path)
        resolve()
      }
      const cancel = this.#parts.clock.after(TAKING_MS, ended)
      this.#taking.set(path, ended)
    })
  }

  /** Terms rise, also where Redis has lost the last one. */
  #see(path: string, { term, node, at }: Seen): void {
    const known = this.#seen.get(path)?.term ?? 0
    this.#seen.delete(path)
    this.#seen.set(path, { term: Math.max(term, known), node, at })
    const [oldest] = this.#seen.keys()
    if (this.#seen.size > MOST_KNOWN && oldest !== undefined) this.#seen.delete(oldest)
  }
}

const HERE: Home = { at: 'here' }
