/** Where the commits of a room stand, and who owns it there. `claims.ts` claims rooms, `room-commits.ts` commits. */

/** The epoch of the last commit, '' before the first, and its number. */
export interface Position {
  readonly epoch: string
  readonly number: number
}

/** A room as Redis has it. */
export interface RoomClaim {
  /** The id of a node; '': nobody owns it. */
  readonly owner: string
  /** Rises with each change of the owner; 0: nobody ever owned it. */
  readonly term: number
  readonly at: Position
}

/** A room that this node has claimed. */
export interface Claim {
  readonly node: string
  readonly term: number
  /** The commit that the claim continues. */
  readonly from: Position
  /** Its own number; the epoch is that of the commit before. */
  readonly at: Position
}
