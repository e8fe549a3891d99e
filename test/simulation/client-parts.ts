/** What a client of a simulation is given. */
import type { Dice } from '../support/random.ts'
import type { SimNode } from './node.ts'
import type { Promises } from './promises.ts'
import type { Broken, RoomLedger } from './room-ledger.ts'
import type { Timeline } from './timeline.ts'

export interface ClientParts {
  readonly name: string
  readonly timeline: Timeline
  readonly dice: Dice
  readonly ledger: RoomLedger
  readonly promises: Promises
  readonly broken: Broken
  /** Those that can be reached. */
  readonly nodes: () => readonly SimNode[]
  /** A node ends, or has ended lately: messages may wait for a room that moves. */
  readonly isAboutToMove: () => boolean
  /** Tokens may end: something else goes wrong too, but no node's clock, so that all agree when. */
  readonly mayExpire: () => boolean
}
