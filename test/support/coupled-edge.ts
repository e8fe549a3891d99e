/**
 * The rooms of an edge, coupled in memory with owners: what one says reaches the other at once, or when the test lets it.
 * Who owns a room is what the test says.
 */
import type { Clock } from '../../src/clock.ts'
import { type Mount, mountOf } from '../../src/config/mount.ts'
import { roomSchema } from '../../src/config/schema.ts'
import type { Definition } from '../../src/define.ts'
import { FlushQueue } from '../../src/delivery/flush-queue.ts'
import type { EdgeParts } from '../../src/nodes/edge/edge-parts.ts'
import { NodeRooms } from '../../src/nodes/edge/node-rooms.ts'
import { Places } from '../../src/nodes/edge/places.ts'
import type { LinkListener } from '../../src/nodes/link.ts'
import type { NodeId } from '../../src/nodes/link-message.ts'
import { DialError } from '../../src/nodes/network.ts'
import type { Home } from '../../src/nodes/ownership.ts'
import type { JoinableRoom } from '../../src/room/open-room.ts'
import { newTally } from '../../src/tally.ts'
import { CoupledLink } from './coupled-link.ts'
import { seededRandom } from './seeded-random.ts'

/** A node that other rooms live on: what it makes of a link, such as `guests.accept`. */
export type Accepts = (link: CoupledLink) => LinkListener

export const EDGE: NodeId = 'edge'

export function coupledEdge(clock: Clock, mount: Mount, rooms: EdgeParts['rooms'] = noRooms) {
  const places = new Places()
  const [errors, warnings]: [unknown[], unknown[]] = [[], []]
  const owners = new Map<NodeId, Accepts>()
  const links = new Map<NodeId, CoupledLink>()
  const doubts: string[] = []
  /** Rooms that have come here with all its peers. */
  const brought: string[] = []
  /** Where the room is; one that throws says why that is not known. */
  let home: () => Home = () => ({ at: 'here' })
  let known: Home | undefined
  let current: Mount | undefined = mount
  const route = (path: string) => ({ path, mount: current ?? mount, params: {} })
  const to = (node: NodeId): CoupledLink => {
    const known = links.get(node)
    if (known?.isOver === false) return known
    const accept = owners.get(node)
    if (!accept) throw new DialError('refused', `nobody listens at ${node}`)
    const link = new CoupledLink(clock, node)
    links.set(node, link)
    link.connect(places.dialled(link.edge), accept(link))
    return link
  }
  const nodeRooms = new NodeRooms({
    clock,
    random: seededRandom(7),
    logger: {
      debug() {},
      info() {},
      warn: (fields) => void warnings.push(fields),
      error: (fields) => void errors.push(fields),
    },
    flushQueue: new FlushQueue(clock),
    tallyOf: newTally,
    roster: { self: EDGE, timeAt: (ms) => ms, timeKnown: Promise.resolve(), redisAgeMs: 60_000 },
    ownership: {
      find: async () => home(),
      known: () => known,
      doubt: (_path, node, why) => void doubts.push(`${node} ${why}`),
      termOf: () => 0,
      hurry() {},
    },
    rooms,
    links: { to: async (node) => to(node).edge },
    places,
    routeOf: (path) => current && route(path),
    held: { all: 0 },
    brought: (path, node) => void brought.push(`${node} ${path}`),
  })
  return {
    ...{ nodeRooms, owners, links, doubts, brought, errors, warnings, route },
    /** The room is there from now on. */
    move(next: Home | (() => Home)) {
      home = typeof next === 'function' ? next : () => next
    },
    /** What is known without asking. */
    know(at: Home) {
      known = at
    },
    /** The line of the room has changed, or is gone. */
    reload(next: Mount | undefined) {
      current = next
      nodeRooms.closeStale()
    },
    /** The room as a transport has it, once its home is found. */
    async room(path = '/room'): Promise<JoinableRoom> {
      const coming = { client: undefined, offset: undefined, isStream: false }
      return (await nodeRooms.reserveJoin(route(path), coming)).room
    },
    link(node: NodeId): CoupledLink {
      const link = links.get(node)
      if (!link) throw new Error(`expected a link to ${node}`)
      return link
    },
  }
}

const noRooms: EdgeParts['rooms'] = {
  get: () => undefined,
  reserve() {
    throw new Error('expected the room to be elsewhere')
  },
  reserveJoin() {
    throw new Error('expected the room to be elsewhere')
  },
}

/** A line of `rooms.json` for a definition. */
export function madeUpMount(definition: unknown, line: object = {}): Mount {
  const written = { module: 'made-up', limits: { rate: { perSecond: 1000, burst: 1000 } }, ...line }
  return mountOf('/room', roomSchema.parse(written), written, {
    file: '/made-up.ts',
    definition: definition as Definition,
    options: undefined,
    page: undefined,
  })
}
