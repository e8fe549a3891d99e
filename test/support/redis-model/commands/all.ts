/** Every command of the model, by its name. */
import type { Command } from '../command.ts'
import { HASHES } from './hashes.ts'
import { KEYS } from './keys.ts'
import { LISTS } from './lists.ts'
import { SERVER } from './server.ts'
import { SORTED_SETS } from './sorted-sets.ts'
import { STREAMS } from './streams.ts'
import { TEXTS } from './texts.ts'

const ALL = [...KEYS, ...TEXTS, ...HASHES, ...LISTS, ...SORTED_SETS, ...STREAMS, ...SERVER]

export function commands(): ReadonlyMap<string, Command> {
  return new Map(ALL.flatMap((each) => [[each.name, each] as const, [each.name.toLowerCase(), each] as const]))
}
