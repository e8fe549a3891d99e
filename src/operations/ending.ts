/**
 * The end of a server: it drains, waits for the last answers, cuts what is left, and then closes what it stands on, the
 * log last. `server.ts` begins it, once; `drain.ts` is its first part.
 */
import type { Duplex } from 'node:stream'
import type { Clock } from '../clock.ts'
import { within } from '../within.ts'
import { allClosed, type DrainingNode, type DrainParts, drain } from './drain.ts'

/** After this share of the drain time, connections are destroyed, so that the log is closed before the process ends. */
const GRACEFUL_SHARE = 0.8
/** After this share nothing is waited for any more: the process ends within the drain time also on a busy machine. */
const WRITTEN_SHARE = 0.95

interface Ends {
  end(): void
}

interface Closes {
  close(): Promise<unknown>
}

export interface EndingParts extends DrainParts {
  readonly clock: Clock & Ends
  readonly alarms: Ends
  readonly metrics: Ends
  /** Ends the connections of its clients. */
  readonly gateway: Closes | undefined
  /** All sockets that were upgraded. */
  readonly sockets: ReadonlySet<Duplex>
  /** Resolves when no HTTP request of any kind is in flight. */
  readonly settled: () => Promise<void>
  readonly app: Closes
  readonly backups: Closes
  /** This node among others, which needs its rooms closed and its log still open. */
  readonly node: (DrainingNode & { end(): Promise<void> }) | undefined
  readonly log: { close(ms: number): Promise<unknown> }
}

/** Resolves when all is written and closed. */
export async function endServer(parts: EndingParts): Promise<void> {
  const { clock, drainMs, alarms, gateway, sockets, app, backups, node, log, metrics } = parts
  alarms.end()
  const begunMs = clock.monotonic()
  const cutAtMs = begunMs + drainMs * GRACEFUL_SHARE
  const inTime = <T>(promise: Promise<T>) =>
    within<T | undefined>(clock, cutAtMs - clock.monotonic(), promise, () => undefined)
  await inTime(drain(parts))
  // A client that polls asks once more for the end of its connection.
  await inTime(Promise.all([gateway?.close(), allClosed(sockets)]).then(() => parts.settled()))
  // Fastify does not know upgraded sockets: of a peer that ignores its close, or waits for a room to open.
  for (const socket of sockets) socket.destroy()
  await Promise.all([app.close(), backups.close()])
  const left = () => Math.max(0, begunMs + drainMs * WRITTEN_SHARE - clock.monotonic())
  // Redis may not answer: of what is left, each has its share.
  if (node) await within<void>(clock, left() / 3, node.end(), () => {})
  await log.close(left())
  clock.end()
  metrics.end()
}
