/**
 * Plain counters, counted where things happen: a tally for each line of `rooms.json`, and how often each limit was
 * exceeded. `metrics.ts` makes metrics of them when it is scraped.
 */

/**
 * The limits in metrics, each named by its key in `rooms.json`. `config/schema.ts` has the settings; `docs/LIMITS.md`
 * says what happens if one is exceeded.
 */
export const LIMITS = [
  'limits.peers',
  'limits.perAddress',
  'limits.payload',
  'limits.json.depth',
  'limits.json.members',
  'limits.pieces',
  'limits.controls',
  'limits.rate',
  'limits.abuse',
  'limits.batch',
  'limits.waiting',
  'limits.buffered',
  'limits.storage',
  'limits.ids',
  'limits.heartbeat',
  'limits.messageTimeout',
  'limits.sendTimeout',
  'instances',
  'server.limits.peers',
  'server.limits.handshakes',
  'server.limits.namespaces',
  'server.limits.buffered',
  'server.limits.storage',
  'server.limits.headersTimeout',
  'server.limits.requestTimeout',
] as const

export type Limit = (typeof LIMITS)[number]

/** How often each limit was exceeded; limits that never were are absent. */
export type Exceeded = Partial<Record<Limit, number>>

export function countExceeded(exceeded: Exceeded, limit: Limit): void {
  exceeded[limit] = (exceeded[limit] ?? 0) + 1
}

/** Counters of the rooms of one line of `rooms.json`. */
export interface Tally {
  /** Peers that joined; those of a room that moved were counted before. */
  joined: number
  /** Messages received. */
  received: number
  /** Messages answered with an error. */
  failed: number
  /** Events that were kept. */
  published: number
  /** Events delivered to peers: one event for 100 peers counts 100. */
  delivered: number
  /** Peers closed because they were too slow. */
  slow: number
  /** Alarms whose handler failed; each try counts. */
  alarmsFailed: number
  readonly exceeded: Exceeded
}

export function newTally(): Tally {
  return { joined: 0, received: 0, failed: 0, published: 0, delivered: 0, slow: 0, alarmsFailed: 0, exceeded: {} }
}
