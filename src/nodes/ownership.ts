/**
 * The seam to who owns a room. `owners.ts` looks it up and decides who takes it; `claims.ts` writes it into Redis;
 * `owned-log.ts` claims a room before its log opens. Edges ask it when they need a room.
 */
import type { RoomClaim } from '../log/redis/position.ts'
import { RoomElsewhere } from '../room/room-elsewhere.ts'
import type { NodeId } from './link-message.ts'

/** Where a room lives. */
export type Home =
  /** This node owns it, or is to open it: opening claims it. */
  { readonly at: 'here' } | { readonly at: 'there'; readonly node: NodeId; readonly term: number }

export interface Ownership {
  /**
   * Finds where a room lives. If nobody owns it, or a dead node does, this node is to open it; of several nodes that need a
   * room of a dead one, the first by rendezvous hash, the others 200 ms later. Rejects with a `RoomError` `unavailable` if
   * Redis does not say. `isUrgent`: messages wait for it.
   */
  find(path: string, isUrgent?: boolean): Promise<Home>
  /** Messages wait for a room that is being found. */
  hurry(path: string): void
  /** What is known without asking: a room that is open here, or an owner whose link stands. */
  known(path: string): Home | undefined
  /** What `find` knew of the owner was wrong: it has refused, its link is over, or it cannot be dialled. */
  doubt(path: string, node: NodeId, why: 'over' | 'refused' | 'unreachable'): void
  /** The highest term seen of a room. */
  termOf(path: string): number
  /** A node has said where a room lives: an owner that an edge has reached, or who has taken it. */
  moved(path: string, node: NodeId, term: number): void
}

/** What `owned-log.ts` throws if another node has the room: the caller looks anew. */
export class Elsewhere extends RoomElsewhere {
  readonly claim: RoomClaim

  constructor(path: string, claim: RoomClaim) {
    super(path)
    this.claim = claim
  }
}
