/** The secret of the log: the one that is kept, or else this one, which is kept from now on. */
import type { Script } from './script.ts'

export const secret: Script = {
  name: 'secret',
  text: `#!lua flags=allow-oom
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])
`,
}
