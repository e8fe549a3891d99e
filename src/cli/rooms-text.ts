/**
 * Puts a line into the text of `rooms.json` and leaves every other character of it as it was.
 * `new-room.ts` reads and writes the file.
 */
import { applyEdits, findNodeAtLocation, type Node, parseTree } from 'jsonc-parser'
import { parseRooms } from '../config/rooms-file.ts'
import { ConfigError } from '../mistakes.ts'

/** A `rooms.json` without rooms. */
export const EMPTY_ROOMS = '{\n  "$schema": "./rooms.schema.json",\n  "rooms": {}\n}\n'

/** The paths in the text's `rooms`. Throws a `ConfigError` that begins with `name` where the text is no such file. */
export function roomPaths(text: string, name: string): string[] {
  return membersOf(roomsIn(text, name)).map((member) => String(member.children?.[0]?.value))
}

/** The text with one room more, last in `rooms`, on a line of its own where the others have theirs. */
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

/** Where `rooms` stands. A byte order mark counts as a space, so that places in the text stay true. */
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

/** The line break and indentation before `at`, where nothing else stands before it on its line. */
function lineStart(text: string, at: number): string | undefined {
  return /\r?\n[ \t]*$/.exec(text.slice(0, at))?.[0]
}
