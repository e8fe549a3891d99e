/**
 * Puts a line into the text of `rooms.json` and leaves every other character of it as it was.
 * `new-room.ts` reads and writes the file.
 */
import { JsonError, type JsonNode, outline } from '../json-text.ts'
import { ConfigError } from '../mistakes.ts'

/** A `rooms.json` without rooms. */
export const EMPTY_ROOMS = '{\n  "$schema": "./rooms.schema.json",\n  "rooms": {}\n}\n'

/** The paths in the text's `rooms`. Throws a `ConfigError` that begins with `name` where the text is no such file. */
export function roomPaths(text: string, name: string): string[] {
  return (roomsIn(text, name).node.members ?? []).map(({ key }) => key)
}

/** The text with one room more, last in `rooms`, on a line of its own where the others have theirs. */
export function addRoom(text: string, name: string, path: string, room: Readonly<Record<string, string>>): string {
  const { node, start } = roomsIn(text, name)
  const entries = Object.entries(room).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`)
  const line = `${JSON.stringify(path)}: { ${entries.join(', ')} }`
  const last = node.members?.at(-1)
  if (last) {
    const space = lineStart(text, last.start) ?? ' '
    return `${text.slice(0, last.node.end)},${space}${line}${text.slice(last.node.end)}`
  }
  const space = lineStart(text, start)
  const inside = space ? `${space}  ${line}${space}` : ` ${line} `
  return `${text.slice(0, node.start)}{${inside}}${text.slice(node.end)}`
}

/** Where `rooms` stands. A byte order mark counts as a space, so that places in the text stay true. */
function roomsIn(text: string, name: string): { node: JsonNode; start: number } {
  const rooms = read(text.replace(/^\uFEFF/, ' '), name).members?.find(({ key }) => key === 'rooms')
  if (rooms?.node.members) return rooms
  throw new ConfigError([`${name}: rooms: expected an object {…}; write "rooms": {} into it`])
}

function read(text: string, name: string): JsonNode {
  try {
    return outline(text)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new ConfigError([`${name}:${error.line}:${error.column}: ${error.message}`])
  }
}

/** The line break and indentation before `at`, where nothing else stands before it on its line. */
function lineStart(text: string, at: number): string | undefined {
  return /\r?\n[ \t]*$/.exec(text.slice(0, at))?.[0]
}
