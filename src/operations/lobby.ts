/**
 * Descriptions of rooms: the list for the lobby, and the description of one room with the schemas of its messages.
 * `transports/http/http.ts` serves both; the pages in `public/` show them.
 */
import { basename, isAbsolute } from 'node:path'
import { z } from 'zod'
import type { Mount, Route } from '../config/mount.ts'
import type { Schemas } from '../define.ts'
import { inLanguage, type Languages } from '../localized.ts'
import type { Log } from '../log/log.ts'
import { notSure } from '../room/room-refusals.ts'
import type { Rooms } from '../room/rooms.ts'
import type { LiveRooms } from './elsewhere.ts'
import type { RoomCounts } from './metrics.ts'

/** A mount in the lobby. */
export interface Listed {
  readonly path: string
  readonly title: string
  readonly summary: string
  readonly kind: 'event' | 'raw'
  /** As named in rooms.json. Of an absolute path only the file name. */
  readonly module: string
  /** How many members there are now. Omitted for a locked room. */
  readonly members?: number
  /** It requires a token, or its module has `admit`. */
  readonly locked?: true
  /** The parameter names of its path. */
  readonly parameters: readonly string[]
  /** The open rooms of a parameterised path, those with most members first. */
  readonly open?: readonly { readonly path: string; readonly members: number }[]
}

/** The description of a room: the response to `GET` with `Accept: application/json`. */
export interface Description extends Omit<Listed, 'members' | 'parameters' | 'open'> {
  /** The values of a parameterised path. */
  readonly params: Readonly<Record<string, string>>
  readonly members: { readonly count: number; readonly names: readonly string[] }
  /** The room has come from another node: not all of its members may be here yet. */
  readonly settling?: true
  /** Only for event rooms, which have a log. `null` until the first event. */
  readonly epoch?: string | null
  readonly first?: number
  readonly seq?: number
  readonly receives?: Record<string, unknown>
  readonly sends?: Record<string, unknown>
}

const MAX_NAMES = 200

/** Every mount, in the order of `rooms.json`, with its member count; texts in the reader's language. */
export function listRooms(mounts: readonly Mount[], live: LiveRooms, languages: Languages): Listed[] {
  return mounts.map((mount) => {
    const { pattern, definition } = mount
    const parameters = Array.from(pattern.matchAll(/:(\w+)/g), ([, name]) => name ?? '')
    const about = { path: pattern, ...aboutOf(mount, languages), parameters }
    // Members and open rooms are shown only to those who may enter.
    if (mount.auth?.required || definition.admit) return { ...about, locked: true }
    const { members, open } = live[pattern] ?? { members: 0, open: [] }
    return { ...about, members, ...(parameters.length > 0 && { open }) }
  })
}

/** The open rooms and their peers for each line of rooms.json, also if there are none. For `metrics.ts`. */
export function countRooms(mounts: readonly Mount[], rooms: Rooms): Iterable<RoomCounts> {
  const lines = new Map(mounts.map(({ pattern }) => [pattern, { room: pattern, peers: 0, rooms: 0, alarms: 0 }]))
  for (const { mount, room } of rooms.open()) {
    const line = lines.get(mount.pattern) ?? { room: mount.pattern, peers: 0, rooms: 0, alarms: 0 }
    lines.set(mount.pattern, line)
    line.peers += room.count
    line.rooms += 1
    line.alarms += room.alarms.count
  }
  return lines.values()
}

/** Rejects with a `Refusal` 503 if this server may not speak for the room. */
export async function describeRoom(
  route: Route,
  rooms: Pick<Rooms, 'get'>,
  log: Pick<Log, 'peek'>,
  languages: Languages,
): Promise<Description> {
  const { mount, path, params } = route
  const room = rooms.get(route)
  if (room?.mayAct === false) throw notSure()
  const { definition, kind } = mount
  const about = {
    path,
    ...aboutOf(mount, languages),
    params,
    members: { count: room?.size ?? 0, names: room?.members(MAX_NAMES).map(({ name }) => name) ?? [] },
    ...(room?.isSettling && { settling: true as const }),
  }
  if (kind === 'raw') return about
  const { epoch, first, seq } = (await log.peek(path)) ?? { epoch: null, first: 1, seq: 0 }
  return { ...about, epoch, first, seq, receives: schemas(definition.receives), sends: schemas(definition.sends) }
}

function aboutOf(mount: Mount, languages: Languages) {
  const { title, definition, kind } = mount
  const summary = inLanguage(definition.summary ?? '', languages)
  return { title: inLanguage(title, languages), summary, kind, module: moduleName(mount) }
}

/** Does not reveal the folders of the server. */
function moduleName({ module }: Mount): string {
  return isAbsolute(module) ? basename(module) : module
}

function schemas(of: Schemas | undefined): Record<string, unknown> {
  // A client writes the input side. A type that JSON Schema cannot express becomes "anything".
  const jsonSchema = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return Object.fromEntries(Object.entries(of ?? {}).map(([type, schema]) => [type, jsonSchema(schema)]))
}
