/**
 * Adds a line to the text of `rooms.json` and leaves every other character as it was. `new-room.ts` reads and writes
 * the file.
 */
import { applyEdits, findNodeAtLocation, type Node, parseTree } from 'jsonc-parser'
import { parseRooms } from '../config/rooms-file.ts'
import { ConfigError } from '../mistakes.ts'

/** A `rooms.json` without rooms. */
export const EMPTY_ROOMS = '{\n  "$schema": "./rooms.schema.json",\n  "rooms": {}\n}\n'

/** The paths in the text's `rooms`. Throws a `ConfigError` that begins with `name` if the text is not such a file. */
export function roomPaths(text: string, name: string): string[] {
  return membersOf(roomsIn(text, name)).map((member) => String(member.children?.[0]?.value))
}

/** The text with one more room at the end of `rooms`, on its own line if the others are. */
export function addRoom(text: string, name: string, path: string, room: Readonly<Record<string, string>>): string {
  const rooms = roomsIn(text, name)
  const entries = Object.entries(room).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`)
  const line = `${JSON.stringify(path)}: { ${entries.join(', ')} }`
  const last = membersOf(rooms).at(-1)
  if (last) {
    const content = `,${lineStart(text, last.offset) ?? ' '}${line}`
    return applyEdits(text, [{ offset: last.offset + last.length, length: 0, content }])
  }
  const space = lineStart(text, rooms.parent?.offset ?? 0)
  const content = space ? `${space}  ${line}${space}` : ` ${line} `
  return applyEdits(text, [{ offset: rooms.offset + 1, length: rooms.length - 2, content }])
}

/** The node of `rooms`. A byte order mark counts as a space, so that offsets in the text stay right. */
function roomsIn(text: string, name: string): Node {
  const plain = text.replace(/^\uFEFF/, ' ')
  parseRooms(plain, name)
  const root = parseTree(plain)
  const rooms = root && findNodeAtLocation(root, ['rooms'])
  if (rooms?.type === 'object') return rooms
  throw new ConfigError([`${name}: rooms: expected an object {…}; write "rooms": {} into it`])
}

function membersOf(object: Node): readonly Node[] {
  return object.children ?? []
}

/** The line break and indentation before `at`, if there is nothing else before it on its line. */
function lineStart(text: string, at: number): string | undefined {
  return /\r?\n[ \t]*$/.exec(text.slice(0, at))?.[0]
}
