/**
 * Settings of a room that are right one by one and cannot work together, or can have no effect where they stand.
 * `config.ts` asks for each line of `rooms.json`, and once for `defaults`, after the schema has passed them.
 */
import { patternParameters } from './paths.ts'
import type { RoomSettings } from './schema.ts'

type Written = Readonly<Record<string, unknown>>
export type Checked = Pick<RoomSettings, 'history' | 'limits'>

/** What a line (`own`: as it stands in the file, without the defaults) says in vain, one mistake each. */
export function contradictions(own: Written, { history, limits }: Checked): string[] {
  const mistakes: string[] = []
  const atMost = (key: string, value: number, bound: number, other: string) => {
    if (valueAt(own, key) !== undefined && value > bound)
      mistakes.push(`${key}: expected at most ${other}, ${bound}, got ${value}; a higher value has no effect`)
  }
  atMost('history.replay', history.replay, history.keep, 'history.keep')
  atMost('limits.batch', limits.batch, limits.rate.burst, 'limits.rate.burst')
  return mistakes
}

/** What a line says that a room at this path has no use for. */
export function useless(own: Written, pattern: string): string[] {
  if (own.instances === undefined || patternParameters(pattern).length > 0) return []
  return ['instances: expected only at a path with parameters, such as "/r/:name"; this path is one room, remove it']
}

function valueAt(own: Written, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((at, name) => (typeof at === 'object' && at !== null ? (at as Written)[name] : undefined), own)
}
