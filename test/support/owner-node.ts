/** A node that owns rooms, without a server around it: its rooms in memory, on a clock of the test, and what edges bring. */
import { type Mount, mountOf } from '../../src/config/mount.ts'
import { roomSchema } from '../../src/config/schema.ts'
import type { Definition } from '../../src/define.ts'
import { Router } from '../../src/gate/router.ts'
import { Guests } from '../../src/nodes/owner/guests.ts'
import type { Home } from '../../src/nodes/ownership.ts'
import { Rooms } from '../../src/room/rooms.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { roomParts } from './live-room.ts'
import { MadeUpEdge } from './made-up-edge.ts'

interface Line {
  readonly limits?: object
  readonly history?: object
  readonly idleAfter?: string
}

/** `line`: the room's line in `rooms.json`; it is at `/room`, and under `/r/:name`. */
export function ownerNode(definition: unknown, line: Line = {}) {
  const { clock, parts, errors } = roomParts(handClock())
  const router = new Router(['/room', '/r/:name'].map((pattern) => mount(pattern, definition, line)))
  const rooms = new Rooms(parts, (path) => router.find(path)?.mount)
  const routeOf = (path: string) => router.find(path)
  const ownership = {
    homes: new Map<string, Home>(),
    find: async (path: string) => ownership.homes.get(path) ?? { at: 'here' as const },
  }
  /** Rooms that were verified. */
  const verified: string[] = []
  /** Edges that have brought all their peers. */
  const brought: string[] = []
  const guests = new Guests({
    ...{ clock, rooms, ownership, routeOf, logger: parts.logger },
    termOf: () => 1,
    verify: async (path) => void verified.push(path),
    brought: (path, node) => void brought.push(`${node} ${path}`),
  })
  return {
    ...{ clock, rooms, routeOf, ownership, verified, brought, guests, errors, logger: parts.logger },
    edge: (node = 'edge') => new MadeUpEdge((link) => guests.accept(link), node),
    room(path = '/room') {
      const { room } = rooms.at(path) ?? {}
      if (!room) throw new Error(`expected an open room at ${path}`)
      return room
    },
  }
}

function mount(pattern: string, definition: unknown, line: Line): Mount {
  const limits = { rate: { perSecond: 1000, burst: 1000 }, ...line.limits }
  const written = { module: 'made-up', ...line, limits }
  return mountOf(pattern, roomSchema.parse(written), written, {
    file: '/made-up.ts',
    definition: definition as Definition,
    options: undefined,
    page: undefined,
  })
}
