/**
 * Makes the keys of a room agree again after some of them were lost: what is there is kept, and the next event gets a
 * number that was never given. It counts as a commit: whoever has the room open elsewhere loses it. `at` if the room is
 * elsewhere. `open.ts` shows whether they agree.
 */

import { IDS, PLACE, ROOM, STREAM } from './room-keys.ts'
import type { Script } from './script.ts'

export const mend: Script = {
  name: 'mend',
  text: `#!lua flags=allow-oom
${ROOM}${PLACE}${STREAM}${IDS}
local e, n, kind = place()
if e ~= ARGV[2] or n ~= tonumber(ARGV[3]) then return {'at', e, n, kind} end
local m = redis.call('HMGET', M, 's', 'f')
local s, f, last = tonumber(m[1] or '0'), tonumber(m[2] or '0'), lastOf(E)
if last and last > s then
  s = last
elseif s > 0 and last ~= s then
  redis.call('UNLINK', E, R)
  redis.call('XADD', E, int(s) .. '-0', 't', '')
  redis.call('XDEL', E, int(s) .. '-0')
end
local first = redis.call('XRANGE', E, int(math.max(f, 1)) .. '-0', '+', 'COUNT', 1)[1]
if f == 0 or redis.call('EXISTS', R) == 0 then f = first and tonumber(string.match(first[1], '^%d+')) or s + 1 end
-- From when on the last epoch was is lost with the epochs; what counts is that it is known.
local newest = redis.call('LRANGE', L, -1, -1)[1]
if e ~= '' and string.match(newest or '', '^%w+') ~= e then redis.call('RPUSH', L, e .. ' ' .. int(f) .. ' 0') end
if e == '' and newest then e = string.match(newest, '^%w+') end
local bytes, stored = 0, redis.call('HGETALL', S)
for i = 1, #stored, 2 do bytes = bytes + #stored[i] + #stored[i + 1] - 1 end
local earliest = redis.call('ZRANGE', A, 0, 0, 'WITHSCORES')
if earliest[2] then redis.call('ZADD', B .. 'alarms', earliest[2], path) else redis.call('ZREM', B .. 'alarms', path) end
redis.call('ZADD', B .. 'rooms', 0, path)
redis.call('HSET', M, 'e', e, 'n', int(n + 1), 'k', 'm', 's', int(s), 'f', int(f), 'sb', int(bytes), 'sc', #stored / 2, 'ac', redis.call('ZCARD', A),
  'ic', int(idsIn(readParts())), 'u', int(now()))
return {'ok'}
`,
}
