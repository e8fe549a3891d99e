/** A room of either kind, in full, and how one is built. `rooms.ts` hosts them; so does the test kit. */

import { isEventDefinition } from '../config/definition-check.ts'
import type { Definition } from '../define.ts'
import { LiveEventRoom } from './event-room.ts'
import { LiveRawRoom } from './raw-room.ts'
import type { RoomParts, RoomSettings } from './room-parts.ts'

export type HostedRoom = LiveEventRoom | LiveRawRoom

/** What a room is opened from: a mount, or a definition in a test. */
export interface RoomPlan extends RoomSettings {
  readonly definition: Definition
  /** As parsed by the module's schema. */
  readonly options: unknown
}

/** Builds a room, which `start` opens. */
export function buildRoom(parts: RoomParts, plan: RoomPlan, path: string, params: Record<string, string>): HostedRoom {
  const { definition, options } = plan
  if (isEventDefinition(definition)) return new LiveEventRoom(parts, path, params, plan, definition, options)
  return new LiveRawRoom(parts, path, params, plan, definition, options)
}
