/**
 * Removes all of a room but its epochs and the number of its last event, so that older offsets are answered `cleared`.
 * Names the commit that it continues, as a commit does. Its arguments after that: the epochs that begin.
 */

import { FORGET } from './forget-ids.ts'
import { IDS, PLACE, ROOM, STREAM, WRITE_PARTS } from './room-keys.ts'
import type { Script } from './script.ts'

export const erase: Script = {
  name: 'erase',
  text: `#!lua flags=allow-oom
${ROOM}${PLACE}${STREAM}${IDS}${WRITE_PARTS}${FORGET}
local e, n, kind = place()
if e ~= ARGV[2] or n ~= tonumber(ARGV[3]) then return {'at', e, n, kind} end
if n == 0 and e == '' then return {'none'} end
local s = tonumber(redis.call('HGET', M, 's') or '0')
removeIds()
redis.call('UNLINK', E, S, A, P, R, B .. 'o' .. path)
redis.call('ZREM', B .. 'alarms', path)
if s > 0 then
  redis.call('XADD', E, int(s) .. '-0', 't', '')
  redis.call('XDEL', E, int(s) .. '-0')
end
for i = 4, #ARGV, 3 do
  redis.call('RPUSH', L, ARGV[i] .. ' ' .. ARGV[i + 1] .. ' ' .. ARGV[i + 2])
  e = ARGV[i]
end
redis.call('LTRIM', L, -1000, -1)
redis.call('HDEL', M, 'fh', 'fn', 'fp')
redis.call('HSET', M, 'e', e, 'n', int(n + 1), 'k', 'c', 's', int(s), 'f', int(s + 1), 'ic', 0, 'sb', 0, 'sc', 0, 'ac', 0, 't', int(now()))
return {'ok'}
`,
}
