/**
 * What is counted where it happens, in plain numbers: a tally for each line of rooms.json, and how often each limit was
 * exceeded. `metrics.ts` makes metrics of them when somebody asks.
 */

/**
 * The limits an operator can watch, each named by its key in `rooms.json`: `schema.ts` has the setting, `docs/LIMITS.md`
 * says what happens if it is exceeded.
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
  'limits.heartbeat',
  'limits.messageTimeout',
  'limits.sendTimeout',
  'instances',
  'server.limits.peers',
  'server.limits.handshakes',
  'server.limits.buffered',
  'server.limits.headersTimeout',
  'server.limits.requestTimeout',
] as const

export type Limit = (typeof LIMITS)[number]

/** How often each limit was exceeded; one that never was is not there. */
export type Exceeded = Partial<Record<Limit, number>>

export function countExceeded(exceeded: Exceeded, limit: Limit): void {
  exceeded[limit] = (exceeded[limit] ?? 0) + 1
}

/** What happened in the rooms of one line of rooms.json. */
export interface Tally {
  /** Peers that joined. */
  joined: number
  /** Messages that came in. */
  received: number
  /** Messages answered with an error. */
  failed: number
  /** Events that were kept. */
  published: number
  /** Events written to peers: an event for a hundred peers counts a hundred. */
  delivered: number
  /** Peers closed because they did not take what was sent. */
  slow: number
  readonly exceeded: Exceeded
}

export function newTally(): Tally {
  return { joined: 0, received: 0, failed: 0, published: 0, delivered: 0, slow: 0, exceeded: {} }
}
