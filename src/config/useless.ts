/**
 * Settings of a room that can have no effect where they stand. `room-lines.ts` asks for each line of `rooms.json`, after the
 * schema has passed it. A bound above another one is no mistake: the lower of the two holds.
 */
import { patternParameters } from './paths.ts'

/** What a line (as it stands in the file, without the defaults) says that a room at this path has no use for. */
export function useless(own: Readonly<Record<string, unknown>>, pattern: string): string[] {
  if (own.instances === undefined || patternParameters(pattern).length > 0) return []
  return ['instances: expected only at a path with parameters, such as "/r/:name"; this path is one room, remove it']
}
