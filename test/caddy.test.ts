/** The files of `deploy/caddy/`, run by the real program. */

import { caddy } from './proxies/caddy.ts'
import { describeProxy } from './proxies/suite.ts'

describeProxy(caddy)
