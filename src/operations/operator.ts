/** All that the operator's token opens. `server.ts` makes it if `ADMIN_TOKEN` is set. */
import { Acts } from './acts.ts'
import { Admin, type AdminParts } from './admin.ts'
import { Overview, type OverviewParts } from './overview.ts'

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
  parts: AdminParts & OverviewParts,
): OperatorAccess | undefined {
  const { log } = parts
  if (token === undefined) return undefined
  const overview = new Overview(parts)
  const acts = new Acts(new Admin(parts), overview, parts.elsewhere)
  return { token, overview, acts, backup: log.backup?.bind(log) }
}
