/** What the commits of a room need of it, and tell it. `room.ts` is one for `room-commits.ts`. */
import type { Frame } from '../../delivery/frame.ts'
import type { Changes, IdempotencyKey, Kept, Retention } from '../log.ts'
import type { RoomEpochs } from './room-epochs.ts'
import type { RedisRoomParts } from './room-parts.ts'

export interface CommittingRoom {
  readonly path: string
  readonly retention: Retention
  readonly parts: RedisRoomParts
  readonly epochs: RoomEpochs
  /** These are kept, so well. */
  kept(frames: readonly Frame[], keys: readonly IdempotencyKey[], changes: Changes | undefined, kept: Kept): void
  /** A message with this key is kept already. */
  refused(key: IdempotencyKey): void
  /** Nothing more can be kept. */
  lost(reason: string): void
}
