/** The files of `deploy/caddy/`, run by the real program. */

import { caddy } from './caddy.ts'
import { describeProxy } from './suite.ts'

describeProxy(caddy)
