/**
 * The text of `rooms.json` → its content, or the line and column at which it is not JSON. `config.ts` checks the
 * content; `cli/rooms-text.ts` adds rooms to the text.
 */
import { readFile } from 'node:fs/promises'
import { ConfigError, verb } from '../mistakes.ts'
import { checkJson, JsonError } from './json-text.ts'

export interface RoomsFile {
  readonly value: unknown
  /** The paths of repeated keys. */
  readonly repeated: readonly (readonly string[])[]
}

/** `name`: the file in messages. Throws a `ConfigError` if it cannot be read or is not JSON. */
export async function readRooms(file: string, name: string): Promise<RoomsFile> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const mend = error.code === 'ENOENT' ? `; "${verb('new-room')} quiz" makes one, ROOMS names another` : ''
    throw new ConfigError([`${name}: expected a file that can be read, got ${error.code ?? error.message}${mend}`])
  })
  return parseRooms(text.replace(/^\uFEFF/, ''), name)
}

/** As `readRooms`, for a text without a byte order mark. */
export function parseRooms(text: string, name: string): RoomsFile {
  try {
    const repeated = checkJson(text)
    return { value: JSON.parse(text), repeated }
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new ConfigError([`${name}:${error.line}:${error.column}: ${error.message}`])
  }
}
