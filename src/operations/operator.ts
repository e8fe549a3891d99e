/** All that the operator's token opens. `server.ts` makes it if `ADMIN_TOKEN` is set. */
import { Admin, type AdminParts } from './admin.ts'
import { Overview, type OverviewParts } from './overview.ts'

export interface OperatorAccess {
  readonly token: string
  readonly overview: Overview
  readonly actions: Admin
}

/** `undefined`: there is no token, so the operator's paths are not there. */
export function operatorAccess(
  token: string | undefined,
  parts: AdminParts & OverviewParts,
): OperatorAccess | undefined {
  if (token === undefined) return undefined
  return { token, overview: new Overview(parts), actions: new Admin(parts) }
}
