/**
 * Settings that have no effect in their line of `rooms.json`. `room-lines.ts` checks each line after its schema. A
 * limit above another one is no mistake: the lower one applies.
 */
import { patternParameters } from './paths.ts'

/** The mistakes for settings of a line (without the defaults) that have no effect at this path. */
export function ineffectiveKeys(own: Readonly<Record<string, unknown>>, pattern: string): string[] {
  if (own.instances === undefined || patternParameters(pattern).length > 0) return []
  return ['instances: expected only at a path with parameters, such as "/r/:name"; this path is one room, remove it']
}
