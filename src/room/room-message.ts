/**
 * A message from one room to another (`room.send`), as its room passes it on. `author-room.ts` makes it when the step
 * that said it is kept; `room-sender.ts` delivers it.
 */
import type { Answer } from '../author/room.ts'
import { RoomError } from '../errors.ts'

/**
 * Messages that wait for each other: the paths of their rooms, and when the first of them is answered at the latest
 * (`Clock.monotonic`).
 */
export interface Chain {
  readonly paths: readonly string[]
  readonly untilMs: number
}

export interface RoomMessage {
  /** The path of the room that sends it. */
  readonly from: string
  readonly path: string
  readonly type: string
  readonly data: unknown
  readonly id: string | undefined
  /** The message in whose handler it was sent, if another room sent that. */
  readonly chain: Chain | undefined
}

/** The same, with itself in the chain. */
export interface ChainedMessage extends RoomMessage {
  readonly chain: Chain
}

/** Rejects with a `RoomError`. */
export type SendToRoom = (message: RoomMessage) => Promise<Answer>

/** In a test of one room there is no other. */
export const noOtherRooms: SendToRoom = async ({ path }) => {
  throw new RoomError('not_found', `no room is at ${path}`)
}
