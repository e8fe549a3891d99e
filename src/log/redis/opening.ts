/** Reads a room that is to be opened, and mends it if Redis has lost a part of it. `redis.ts` and `sweep.ts` call it. */
import type { RoomLogger } from '../../define.ts'
import { bucketOf } from './keys.ts'
import type { Position } from './position.ts'
import type { RedisCalls } from './redis-calls.ts'
import { mend } from './scripts/mend.ts'
import { open as openScript } from './scripts/open.ts'
import { type StoredRoom, storedRoom } from './stored-room.ts'

export interface OpeningParts {
  readonly path: string
  readonly calls: RedisCalls
  readonly logger: RoomLogger
}

/** A room whose keys agree with each other. `recent`: how many of its newest events, and bytes of them. */
export async function openRoom(
  { path, calls, logger }: OpeningParts,
  recent: { readonly count: number; readonly bytes: number },
): Promise<StoredRoom> {
  const key = bucketOf(path)
  for (;;) {
    const stored = storedRoom(await calls.run(openScript, key, [path, recent.count, recent.bytes]))
    if (stored.lost === '') return stored
    await mendRoom({ path, calls, logger }, stored.at, stored.lost)
  }
}

/** `lost`: what of it. */
export async function mendRoom({ path, calls, logger }: OpeningParts, at: Position, lost: string): Promise<void> {
  logger.error({ room: path, lost }, 'Redis has lost a part of a room, the rest goes on')
  await calls.run(mend, bucketOf(path), [path, at.epoch, at.number])
}
