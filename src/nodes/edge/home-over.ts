/** A home of a room that is over before its peers have come to it. `edge-room.ts` looks for the next. */
import type { NodeId } from '../link-message.ts'

export class HomeOver extends Error {
  readonly node: NodeId
  /** Where the room is now, if that is known. */
  readonly to: NodeId | undefined

  constructor(node: NodeId, to: NodeId | undefined) {
    super(`the room is not on node ${node} any more`)
    this.node = node
    this.to = to
  }
}
