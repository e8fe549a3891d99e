/** What a copy of a room is made of, in pages. Nothing is written. `room-copy.ts` asks. */

import { IDS, PLACE, ROOM } from './room-keys.ts'
import type { Script } from './script.ts'

/**
 * A room at one moment, without its events: what is known of it, its epochs, storage, alarms, producers, when each was last
 * heard, and the parts of its ids. Of ids without an event nothing says when they came: those of the newest part come
 * too, if they are few.
 */
export const copyRoom: Script = {
  name: 'copyRoom',
  text: `#!lua flags=no-writes
${ROOM}${IDS}
local m = redis.call('HMGET', M, 'e', 's', 'f', 'ma', 'fa', 'u')
for i = 1, 6 do m[i] = m[i] or '' end
local parts, newest = readParts(), {}
local last = parts[#parts]
if last and last.ids.hashes <= 32 then
  for each = 0, last.ids.hashes - 1 do newest[each + 1] = redis.call('HGETALL', last.ids.name .. each .. path) end
end
return {m, redis.call('LRANGE', L, 0, -1), redis.call('HGETALL', S), redis.call('ZRANGE', A, 0, -1, 'WITHSCORES'),
  redis.call('HGETALL', P), redis.call('ZRANGE', B .. 'o' .. path, 0, -1, 'WITHSCORES'), redis.call('GET', Q) or '', newest}
`,
}

/**
 * A page of events before a seq and from another one on, the newest first; a redacted one has no type. It ends at one that
 * is gone, as do all pages if the room has another history now than one with this epoch.
 */
export const copyEvents: Script = {
  name: 'copyEvents',
  text: `#!lua flags=no-writes
${ROOM}${PLACE}
local epoch, seq, first, limit, most = ARGV[2], tonumber(ARGV[3]) - 1, tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local isKnown = place() == epoch
for _, entry in ipairs(isKnown and {} or redis.call('LRANGE', L, 0, -1)) do
  isKnown = isKnown or string.sub(entry, 1, #epoch) == epoch
end
local found, bytes = {}, 0
local function add(event, size)
  found[#found + 1] = event
  bytes, seq = bytes + size, seq - 1
end
-- Redacted events are not in the stream.
local function addRedacted(after)
  while seq > after and seq >= first and #found < limit do
    local time = redis.call('HGET', R, int(seq))
    if not time then return false end
    add({int(seq), time, '', ''}, 100)
  end
  return true
end
while isKnown and seq >= first and #found < limit and bytes < most do
  local events = redis.call('XREVRANGE', E, int(seq) .. '-0', int(first) .. '-0', 'COUNT', math.min(limit - #found, 100))
  isKnown = #events > 0 or (addRedacted(first - 1) and false)
  for _, event in ipairs(events) do
    local at, fields = tonumber(string.match(event[1], '^%d+')), event[2]
    isKnown = addRedacted(at) and #found < limit and bytes < most
    if not isKnown then break end
    add({int(at), fields[6], fields[2], fields[4]}, #fields[2] + #fields[4] + 40)
  end
end
return found
`,
}

/** Some of the hashes of a room, by what stands in their names between the bucket and the path. */
export const copyHashes: Script = {
  name: 'copyHashes',
  text: `#!lua flags=no-writes
local hashes = {}
for i = 2, #ARGV do hashes[i - 1] = redis.call('HGETALL', KEYS[1] .. ARGV[i] .. ARGV[1]) end
return hashes
`,
}
