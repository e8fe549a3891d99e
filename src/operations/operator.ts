/** All that the operator's token opens. `server.ts` makes it if `ADMIN_TOKEN` is set. */
import type { Log } from '../log/log.ts'
import type { Acts } from './acts.ts'
import type { Overview } from './overview.ts'

export interface OperatorAccess {
  readonly token: string
  readonly overview: Overview
  readonly acts: Acts
  /** A copy of the log; `undefined`: it is in memory alone. */
  readonly backup: (() => AsyncIterable<Uint8Array>) | undefined
}

/** `undefined`: there is no token, so the operator's paths are not there. */
export function operatorAccess(
  token: string | undefined,
  { overview, acts, log }: { overview: Overview; acts: Acts; log: Log },
): OperatorAccess | undefined {
  return token === undefined ? undefined : { token, overview, acts, backup: log.backup?.bind(log) }
}
