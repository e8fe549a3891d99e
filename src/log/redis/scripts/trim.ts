/**
 * Removes some of what a room keeps too long: events that are too old, parts of its ids, producers that are silent,
 * epochs from which nobody can resume. Answers with the oldest event, its time, when the oldest part of ids ends, 1 if
 * nothing more is to be removed now, and how many ids are left. The epoch is what the room had when that was found.
 */

import { FORGET } from './forget-ids.ts'
import { IDS, PLACE, ROOM, WRITE_PARTS } from './room-keys.ts'
import type { Script } from './script.ts'

export const trim: Script = {
  name: 'trim',
  text: `#!lua flags=allow-oom
${ROOM}${PLACE}${IDS}${WRITE_PARTS}${FORGET}
local e = place()
if e ~= ARGV[2] then return {'at', e} end
local step, time = 20000, now()
local tooOld, keepFrom, forgetAfter = time - tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
-- Who trims a room that may be forgotten uses it.
if forgetAfter ~= '' then redis.call('HSET', M, 'u', int(time), 'fa', forgetAfter) end
local m = redis.call('HMGET', M, 's', 'f')
local s, before = tonumber(m[1] or '0'), tonumber(m[2] or '1')
local function nextFrom(seq)
  local event = redis.call('XRANGE', E, int(seq) .. '-0', '+', 'COUNT', 1)[1]
  if not event then return s + 1 end
  return tonumber(string.match(event[1], '^%d+')), tonumber(event[2][6])
end
local least = math.max(before, keepFrom)
local from, oldest = nextFrom(least)
if oldest and oldest < tooOld then
  -- No event is older than the one before it.
  local low, high = from + 1, s + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    local seq, at = nextFrom(middle)
    if at and at < tooOld then low = seq + 1 else high = middle end
  end
  from, oldest = nextFrom(low)
end
-- Redacted events are not in the stream.
while from > least do
  local at = tonumber(redis.call('HGET', R, int(from - 1)) or '-1')
  if at < tooOld then break end
  from, oldest = from - 1, at
end
local f = math.min(from, before + step)
if f > before then
  redis.call('XTRIM', E, 'MINID', int(f) .. '-0')
  redis.call('HSET', M, 'f', int(f))
  for _, seq in ipairs(redis.call('HKEYS', R)) do
    if tonumber(seq) < f then redis.call('HDEL', R, seq) end
  end
  trimEpochs(f)
end
local partEnd, isForgotten
if f == from then partEnd, isForgotten = forgetParts(time - 86400000, oldest or time) end
local silent = redis.call('ZRANGE', B .. 'o' .. path, '-inf', int(math.min(time - 86400000, tooOld)), 'BYSCORE', 'LIMIT', 0, 1000)
for _, producer in ipairs(silent) do
  redis.call('HDEL', P, producer)
  redis.call('ZREM', B .. 'o' .. path, producer)
end
return {'ok', f, oldest or '', partEnd or '', isForgotten and #silent < 1000 and 1 or 0, tonumber(redis.call('HGET', M, 'ic') or '0')}
`,
}
