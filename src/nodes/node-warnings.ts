/**
 * What the operator should know of the nodes: they differ, or one cannot be reached. It stands in `/readyz` and the metrics
 * as long as it is so, and once in the server's log. `beats.ts` owns it.
 */
import type { RoomLogger } from '../define.ts'
import type { LogWarning } from '../log/log.ts'
import type { NodeId } from './link-message.ts'
import type { NodeField } from './node-field.ts'
import type { NodeEntry } from './roster.ts'
import { RosterNews } from './roster-news.ts'

/** Redis has answered so many beats, and this node has not heard what it said to itself with them. */
const DEAF_BEATS = 15

/** Clocks that are set by NTP differ by less. */
const CLOCK_MS = 5000

/** An address of this machine alone. */
const LOOPBACK = /^(127\.|localhost:|\[::1\]:)/

export interface Seen {
  readonly own: NodeEntry
  /** Those that live. */
  readonly others: readonly NodeEntry[]
  /** Those that Redis has, also dead ones. */
  readonly kept: ReadonlyMap<NodeId, NodeField>
  /** For how many beats this node has not heard what it says to itself through Redis. */
  readonly deafBeats: number
  /** How far the clock of this machine is ahead of the time of Redis; below 0: behind. */
  readonly aheadMs: number
}

export class NodeWarnings {
  current: readonly LogWarning[] = []
  readonly #logger: RoomLogger
  readonly #news: RosterNews

  constructor(logger: RoomLogger) {
    this.#logger = logger
    this.#news = new RosterNews(logger)
  }

  update(seen: Seen): void {
    this.#news.update(seen.kept, seen.others)
    const known = new Set(this.current.map(({ kind }) => kind))
    this.current = warningsOf(seen)
    for (const { kind, text } of this.current) if (!known.has(kind)) this.#logger.warn({ kind }, text)
  }
}

function warningsOf({ own, others, deafBeats, aheadMs }: Seen): LogWarning[] {
  const differs = (of: (node: NodeEntry) => unknown) => others.filter((node) => of(node) !== of(own))
  const warnings: LogWarning[] = []
  const warn = (kind: string, nodes: readonly NodeEntry[], text: (where: string) => string) => {
    if (nodes.length > 0) warnings.push({ kind, text: text(nodes.map(nameOf).join(', ')) })
  }
  warn(
    'nodes_rooms',
    differs(({ configHash }) => configHash),
    (where) =>
      `rooms.json here differs from that of ${where}: a room behaves as the node where it lives says; deploy one`,
  )
  warn(
    'nodes_modules',
    differs(({ modulesHash }) => modulesHash),
    (where) =>
      `the modules here differ from those of ${where}: what newer ones keep may not fit older ones, whose rooms then do not open; finish the deploy`,
  )
  warn(
    'nodes_protocol',
    differs(({ protocol }) => protocol),
    (where) => `this node (Corridor ${own.version}) and ${where} cannot link: run the same version on all nodes`,
  )
  warn(
    'nodes_unreached',
    others.filter(({ id }) => own.cannotReach.includes(id)),
    (where) =>
      `${where} cannot be reached from here, rooms there are refused: set LINK_HOST and LINK_PORT on that node, or open the way there`,
  )
  warn(
    'node_unreachable',
    others.filter(
      ({ address, cannotReach }) =>
        cannotReach.includes(own.id) || (LOOPBACK.test(own.address) && !LOOPBACK.test(address)),
    ),
    (where) =>
      `${where} cannot reach this node at ${own.address}: set LINK_HOST to an address of this machine that other nodes reach, and LINK_PORT to a port that is open to them`,
  )
  if (deafBeats > DEAF_BEATS)
    warnings.push({
      kind: 'redis_channels',
      text: 'nothing is heard on the channels corridor:* of Redis, so dead nodes are noticed after 10 s only: allow its user to publish and subscribe there (ACL: &corridor:*)',
    })
  if (Math.abs(aheadMs) > CLOCK_MS) {
    const [where, when] = aheadMs > 0 ? ['ahead of', 'early'] : ['behind', 'late']
    warnings.push({
      kind: 'node_clock',
      text: `the clock of this machine is ${Math.round(Math.abs(aheadMs) / 1000)} s ${where} that of Redis, so tokens end and alarms ring too ${when} here: set both clocks, by NTP`,
    })
  }
  return warnings
}

/** For the operator: where it is, and since when. */
function nameOf({ address, version, startedMs }: NodeEntry): string {
  return `the node at ${address} (Corridor ${version}, started ${new Date(startedMs).toISOString()})`
}
