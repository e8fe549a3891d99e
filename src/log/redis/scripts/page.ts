/**
 * A page of a room's events, oldest first: seq, time, type and data of each; a redacted one has no type. `at` epoch: the
 * room is in another one than these two (the second may be about to begin), so its events may be others. Writes nothing.
 */

import { PLACE, ROOM } from './room-keys.ts'
import type { Script } from './script.ts'

export const page: Script = {
  name: 'page',
  text: `#!lua flags=no-writes
${ROOM}${PLACE}
local after, upTo, limit, most = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local e = place()
if e ~= ARGV[2] and e ~= ARGV[3] then return {'at', e} end
local found, bytes, seq, redacted = {}, 0, after, redis.call('EXISTS', R) == 1
local function add(event, size)
  bytes = bytes + size
  if bytes > most and #found > 0 then return false end
  found[#found + 1] = event
  seq = seq + 1
  return #found < limit
end
-- Nothing else leaves the midst of a stream, so an event that is not there was redacted.
local function addRedacted(until_, time)
  while seq + 1 < until_ do
    local known = redacted and redis.call('HGET', R, int(seq + 1)) or time
    if not known or not add({int(seq + 1), known, '', ''}, 100) then return false end
  end
  return true
end
while seq < upTo and #found < limit do
  local events = redis.call('XRANGE', E, int(seq + 1) .. '-0', int(upTo) .. '-0', 'COUNT', math.min(limit - #found, 100))
  local goes = #events > 0
  for _, event in ipairs(events) do
    local at, fields = tonumber(string.match(event[1], '^%d+')), event[2]
    goes = addRedacted(at, fields[6]) and at == seq + 1 and add({int(at), fields[6], fields[2], fields[4]}, #fields[4] + #fields[2] + 40)
    if not goes then break end
  end
  if #events == 0 then addRedacted(upTo + 1, redis.call('EXISTS', E) == 1 and redis.call('HGET', M, 't')) end
  if not goes then break end
end
return {'ok', found}
`,
}
