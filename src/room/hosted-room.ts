/** A room of either kind, in full, and how one is built for a mount. `rooms.ts` opens and closes them. */
import type { Mount } from '../config/mount.ts'
import { LiveEventRoom } from './event-room.ts'
import { LiveRawRoom } from './raw-room.ts'
import type { RoomParts } from './room-parts.ts'

export type HostedRoom = LiveEventRoom | LiveRawRoom

export function build(parts: RoomParts, mount: Mount, path: string, params: Record<string, string>): HostedRoom {
  if (mount.kind === 'raw') return new LiveRawRoom(parts, path, params, mount, mount.definition, mount.options)
  return new LiveEventRoom(parts, path, params, mount, mount.definition, mount.options)
}
