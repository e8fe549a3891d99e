/**
 * The limits an operator can watch, each named by its key in `rooms.json`: `schema.ts` has the setting, `metrics.ts` counts
 * how often one was broken under this name, `docs/LIMITS.md` says what happens then.
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

/** How often each limit was broken; one that never was is not there. */
export type Broken = Partial<Record<Limit, number>>

export function countBroken(broken: Broken, limit: Limit): void {
  broken[limit] = (broken[limit] ?? 0) + 1
}
