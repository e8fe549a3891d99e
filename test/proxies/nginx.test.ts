/** The files of `deploy/nginx/`, run by the real program. */

import { nginx } from './nginx.ts'
import { describeProxy } from './suite.ts'

describeProxy(nginx)
