/**
 * All that a room needs to open: what is known of it, its epochs, storage, alarms, newest events, and what they should
 * agree with. Writes nothing. `stored-room.ts` reads the answer.
 */

import { IDS, ROOM, STREAM } from './room-keys.ts'
import type { Script } from './script.ts'

export const open: Script = {
  name: 'open',
  text: `#!lua flags=no-writes
${ROOM}${STREAM}${IDS}
local count, most = tonumber(ARGV[2]), tonumber(ARGV[3])
local m = redis.call('HMGET', M, 'e', 'n', 's', 'f', 'ic', 'sc', 'ac', 'o', 'w')
for i = 1, 9 do m[i] = m[i] or '' end
local s, f = tonumber(m[3]) or 0, tonumber(m[4]) or 1
local events, bytes, from = {}, 0, '+'
while count > 0 and bytes < most do
  local page = redis.call('XREVRANGE', E, from, int(f) .. '-0', 'COUNT', math.min(count, 100))
  if #page == 0 then break end
  for _, event in ipairs(page) do
    local fields = event[2]
    if bytes < most then
      events[#events + 1] = {string.match(event[1], '^%d+'), fields[6], fields[2], fields[4]}
      bytes = bytes + #fields[4]
    end
    from = '(' .. event[1]
  end
  count = count - #page
end
return {m, lastOf(E) or -1, redis.call('LRANGE', L, 0, -1), redis.call('HGETALL', S),
  redis.call('ZRANGE', A, 0, -1, 'WITHSCORES'), events, redis.call('HGETALL', R), run(),
  {idsIn(readParts()), redis.call('ZSCORE', B .. 'alarms', path) or '', redis.call('ZSCORE', B .. 'rooms', path) or ''}}
`,
}
