/**
 * Removes some of what a room keeps too long: events that are too old, parts of its ids, producers that are silent,
 * epochs from which nobody can resume. Answers with the oldest event, its time, when the oldest part of ids ends, and 1
 * if nothing more is to be removed now. The epoch is what the room had when that was found.
 */

import { FORGET } from './forget-ids.ts'
import { IDS, PLACE, ROOM } from './room-keys.ts'
import type { Script } from './script.ts'

export const trim: Script = {
  name: 'trim',
  text: `#!lua flags=allow-oom
${ROOM}${PLACE}${IDS}${FORGET}
local e = place()
if e ~= ARGV[2] then return {'at', e} end
local step, time = 2000, now()
local maxAge, keepFrom = tonumber(ARGV[3]), tonumber(ARGV[4])
local m = redis.call('HMGET', M, 's', 'f')
local s, f = tonumber(m[1] or '0'), tonumber(m[2] or '1')
local before, from = f, math.max(f, keepFrom)
local oldest, left = nil, step
while not oldest and left > 0 and from <= s do
  local events = redis.call('XRANGE', E, int(from) .. '-0', '+', 'COUNT', math.min(left, 200))
  if #events == 0 then from = s + 1 end
  for _, event in ipairs(events) do
    local at = tonumber(event[2][6])
    if at >= time - maxAge then
      from, oldest = tonumber(string.match(event[1], '^%d+')), at
      break
    end
    from, left = tonumber(string.match(event[1], '^%d+')) + 1, left - 1
  end
end
-- Redacted events are not in the stream.
while from - 1 >= f and from > keepFrom do
  local at = tonumber(redis.call('HGET', R, int(from - 1)) or '-1')
  if at < time - maxAge then break end
  from, oldest = from - 1, at
end
f = math.min(from, s + 1)
if f > before then
  redis.call('XTRIM', E, 'MINID', int(f) .. '-0')
  redis.call('HSET', M, 'f', int(f))
  for _, seq in ipairs(redis.call('HKEYS', R)) do
    if tonumber(seq) < f then redis.call('HDEL', R, seq) end
  end
  trimEpochs(f)
end
local isDone = oldest ~= nil or from > s
local partEnd, isForgotten = forgetParts(time - 86400000, oldest or (isDone and time or 0))
for _, producer in ipairs(redis.call('ZRANGE', B .. 'o' .. path, '-inf', int(time - math.max(86400000, maxAge)), 'BYSCORE', 'LIMIT', 0, step)) do
  redis.call('HDEL', P, producer)
  redis.call('ZREM', B .. 'o' .. path, producer)
end
return {'ok', f, oldest or '', partEnd or '', isDone and isForgotten and 1 or 0, tonumber(redis.call('HGET', M, 'ic') or '0')}
`,
}
