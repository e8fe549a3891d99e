/** All that the operator's token opens. `server.ts` makes it if `ADMIN_TOKEN` is set. */
import { Admin, type AdminParts } from './admin.ts'
import { Overview, type OverviewParts } from './overview.ts'

export interface OperatorAccess {
  readonly token: string
  readonly overview: Overview
  readonly actions: Admin
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
  return { token, overview: new Overview(parts), actions: new Admin(parts), backup: log.backup?.bind(log) }
}
