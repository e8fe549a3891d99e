/**
 * Claims a room that is to be opened here: one that nobody has, or a node whose rooms may be taken. `owned-log.ts` opens
 * it then.
 */
import { RoomError } from '../errors.ts'
import type { Claims } from '../log/redis/claims.ts'
import type { Claim, RoomClaim } from '../log/redis/position.ts'
import type { NodeId } from './link-message.ts'
import { Elsewhere } from './ownership.ts'

/** A room that changes hands so often while it opens is left for later. */
const TRIES = 8

export interface ClaimingParts {
  readonly claims: Claims
  /** Whether this node may take the rooms of that one. */
  readonly mayTake: (owner: NodeId) => boolean
  /** What was just seen of a room. */
  readonly seen?: (path: string) => RoomClaim | undefined
  /** Tells that node that a room of its is about to be taken. */
  readonly leaveNote: (owner: NodeId, path: string) => Promise<void>
  /** The room is owned here from now on. `former`: who had it; '': nobody. */
  readonly claimed?: (path: string, claim: Claim, former: NodeId | '') => void
  /** It was to be opened here, and another node has it. */
  readonly refused?: (path: string, claim: RoomClaim) => void
}

export interface ClaimedOpening {
  readonly path: string
  claim: Claim | undefined
}

/** `isOver`: the room opens here anew by now, or not any more. Rejects with `Elsewhere` if a living node has the room. */
export async function claimRoom(parts: ClaimingParts, opening: ClaimedOpening, isOver: () => boolean): Promise<Claim> {
  const { claims, claimed, leaveNote, mayTake, refused } = parts
  const { path } = opening
  const isOther = ({ owner }: RoomClaim) => owner !== '' && owner !== claims.node
  const known = parts.seen?.(path)
  // Who had it may have given it up since.
  let seen = known && isOther(known) && !mayTake(known.owner) ? undefined : known
  let noted = ''
  for (let tries = 0; tries < TRIES; tries += 1) {
    // It may only be frozen: it hears of it before it does anything else.
    if (seen && isOther(seen) && seen.owner !== noted) {
      noted = seen.owner
      await leaveNote(noted, path)
    }
    const took = await claims.take(path, seen)
    if ('claim' in took) opening.claim = took.claim
    // Another claim of this opening would take the room from one that is newer.
    if (isOver()) break
    if ('claim' in took) {
      claimed?.(path, took.claim, seen?.owner ?? '')
      return took.claim
    }
    seen = took.seen
    if (isOther(seen) && !mayTake(seen.owner)) {
      refused?.(path, seen)
      throw new Elsewhere(path, seen)
    }
  }
  throw new RoomError('unavailable', 'this room is changing hands, try again')
}
