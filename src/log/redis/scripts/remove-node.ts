/**
 * Removes a node and its notes, unless it has beaten since: its counter is another. '': in any case, for itself. With the last of
 * them goes the time of all.
 */
import type { Script } from './script.ts'

export const removeNode: Script = {
  name: 'remove-node',
  text: `#!lua flags=allow-oom
local N, id, counter = KEYS[1], ARGV[1], ARGV[2]
local is = string.match(redis.call('HGET', N, id) or '', '^%d+') or ''
if counter ~= '' and is ~= counter then return 0 end
redis.call('HDEL', N, id)
redis.call('UNLINK', N .. 'n' .. id)
if redis.call('EXISTS', N) == 0 then redis.call('UNLINK', N .. 'c') end
return 1
`,
}
