/** A room was in use until now, and may be forgotten after so many ms ('': never). */

import { ROOM } from './room-keys.ts'
import type { Script } from './script.ts'

export const use: Script = {
  name: 'use',
  text: `#!lua flags=allow-oom
${ROOM}
if redis.call('EXISTS', M) == 1 then redis.call('HSET', M, 'u', int(now()), 'fa', ARGV[2]) end
return 1
`,
}
