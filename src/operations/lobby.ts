/**
 * What is told of the rooms: the list for the lobby, and one room's description with the schemas of its messages.
 * `transports/http.ts` serves both; the pages in `public/` show them.
 */
import { basename, isAbsolute } from 'node:path'
import { z } from 'zod'
import type { Mount, Route } from '../config/mount.ts'
import type { Schemas } from '../define.ts'
import type { Log } from '../log/log.ts'
import type { Rooms } from '../room/rooms.ts'
import type { RoomCounts } from './metrics.ts'

/** A mount in the lobby. */
export interface Listed {
  readonly path: string
  readonly title: string
  readonly summary: string
  readonly kind: 'event' | 'raw'
  /** As it is named in rooms.json; of an absolute path only the file's name. */
  readonly module: string
  /** Who is there now; not told of a room that asks who comes. */
  readonly members?: number
  /** Not everyone may enter: it asks for a token, or its module decides. */
  readonly locked?: true
  /** The names in a parameterised path. */
  readonly parameters: readonly string[]
  /** The live rooms of a parameterised path, the fullest first. */
  readonly open?: readonly { readonly path: string; readonly members: number }[]
}

/** A room, as `GET` with `Accept: application/json` tells it. */
export interface Description extends Omit<Listed, 'members' | 'parameters' | 'open'> {
  /** The values of a parameterised path. */
  readonly params: Readonly<Record<string, string>>
  readonly members: { readonly count: number; readonly names: readonly string[] }
  /** Only event rooms have a log. `epoch` is `null` while nothing was ever said. */
  readonly epoch?: string | null
  readonly first?: number
  readonly seq?: number
  readonly receives?: Record<string, unknown>
  readonly sends?: Record<string, unknown>
}

const MAX_NAMES = 200
const MAX_OPEN = 100

/** Every mount, in the order of `rooms.json`, with who is there now. */
export function listRooms(mounts: readonly Mount[], rooms: Rooms): Listed[] {
  const live = new Map<Mount, { path: string; members: number }[]>()
  for (const { mount, room } of rooms.open()) {
    const of = live.get(mount) ?? []
    live.set(mount, of)
    of.push({ path: room.path, members: room.size })
  }
  return mounts.map((mount) => {
    const { pattern, title, definition, kind } = mount
    const module = moduleName(mount)
    const parameters = Array.from(pattern.matchAll(/:(\w+)/g), ([, name]) => name ?? '')
    const about = { path: pattern, title, summary: definition.summary ?? '', kind, module, parameters }
    // Who is there, and which rooms are open, is told to those who may enter.
    if (mount.auth?.required || definition.admit) return { ...about, locked: true }
    const open = (live.get(mount) ?? []).sort((a, b) => b.members - a.members)
    return {
      ...about,
      members: open.reduce((sum, { members }) => sum + members, 0),
      ...(parameters.length > 0 && { open: open.slice(0, MAX_OPEN) }),
    }
  })
}

/** How many rooms each line of rooms.json has open, and peers in them, 0 too; for `metrics.ts`. */
export function countRooms(mounts: readonly Mount[], rooms: Rooms): Iterable<RoomCounts> {
  const lines = new Map(mounts.map(({ pattern }) => [pattern, { room: pattern, peers: 0, rooms: 0 }]))
  for (const { mount, room } of rooms.open()) {
    const line = lines.get(mount.pattern) ?? { room: mount.pattern, peers: 0, rooms: 0 }
    lines.set(mount.pattern, line)
    line.peers += room.count
    line.rooms += 1
  }
  return lines.values()
}

export async function describeRoom(route: Route, rooms: Rooms, log: Log): Promise<Description> {
  const { mount, path, params } = route
  const room = rooms.get(route)
  const { title, definition, kind } = mount
  const about = {
    path,
    title,
    summary: definition.summary ?? '',
    kind,
    module: moduleName(mount),
    params,
    members: { count: room?.size ?? 0, names: room?.members(MAX_NAMES).map(({ name }) => name) ?? [] },
  }
  if (kind === 'raw') return about
  const stand = (await log.peek(path)) ?? { epoch: null, first: 1, seq: 0 }
  const { epoch, first, seq } = stand
  return { ...about, epoch, first, seq, receives: schemas(definition.receives), sends: schemas(definition.sends) }
}

/** Where the server keeps its files is nobody's business. */
function moduleName({ module }: Mount): string {
  return isAbsolute(module) ? basename(module) : module
}

function schemas(of: Schemas | undefined): Record<string, unknown> {
  // What a client writes is the input side; a type that JSON Schema cannot say is "anything".
  const tell = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return Object.fromEntries(Object.entries(of ?? {}).map(([type, schema]) => [type, tell(schema)]))
}
