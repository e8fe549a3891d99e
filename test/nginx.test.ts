/** The files of `deploy/nginx/`, run by the real program. */

import { nginx } from './proxies/nginx.ts'
import { describeProxy } from './proxies/suite.ts'

describeProxy(nginx)
