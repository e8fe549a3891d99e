/**
 * A node gives a room up, by the term that it has it with: 1, or 0 if it has it no more. Of a room of which nothing was ever
 * kept nothing is left then; unless the third argument is 1: the node has something of it in its memory, and must know the
 * next time whether another has had the room. Then it holds the room (`h`) until another claims it.
 */

import { ROOM } from './room-keys.ts'
import type { Script } from './script.ts'

export const give: Script = {
  name: 'give',
  text: `#!lua flags=allow-oom
${ROOM}
local m = redis.call('HMGET', M, 'o', 'w', 'e')
if m[1] ~= ARGV[2] or m[2] ~= ARGV[3] then return 0 end
if ARGV[4] ~= '1' and (m[3] or '') == '' and redis.call('EXISTS', E, S, A, P, L, R, Q) == 0 then
  redis.call('UNLINK', M)
  redis.call('ZREM', B .. 'rooms', path)
else
  redis.call('HDEL', M, 'o')
  if ARGV[4] == '1' then redis.call('HSET', M, 'h', ARGV[2]) end
end
return 1
`,
}
