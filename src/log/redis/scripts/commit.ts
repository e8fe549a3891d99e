/**
 * The commit of one room: events, ids, producers, storage and alarms go forward together. Redis undoes nothing of a
 * script that fails half way, so everything is checked before the first write. `commit-call.ts` makes its arguments.
 *
 * Answers: `ok` time ids; `dup` which id, its value, its error; `at` epoch number kind, if the room is not where the call
 * continues; `run` the run id, if that is another; `broken`, if a part of the room is not as it was left.
 */

import { ADD_IDS, IDS, RECORDS, ROOM, WRITE_PARTS } from './room-keys.ts'
import type { Script } from './script.ts'

export const commit: Script = {
  name: 'commit',
  text: `#!lua
${ROOM}${IDS}${WRITE_PARTS}${RECORDS}${ADD_IDS}
local runId, epoch, number, toEpoch, fixed = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local keepFrom, maxAge, forgetAfter = tonumber(ARGV[7]), ARGV[8], ARGV[9]
local begins, events, newIds, usedIds, clients, producers, storage, alarms, redacted = unpack(ARGV, 10)
local running = run()
if running ~= runId then return {'run', running} end
local m = redis.call('HMGET', M, 'e', 'n', 'k', 's', 'f', 't', 'ic', 'sb', 'sc', 'ac')
local e, n, kind = m[1] or '', tonumber(m[2] or '0'), m[3] or ''
local s, f, before, ids, bytes = tonumber(m[4] or '0'), tonumber(m[5] or '1'), tonumber(m[6] or '0'), tonumber(m[7] or '0'), tonumber(m[8] or '0')
local stored, due = tonumber(m[9] or '0'), tonumber(m[10] or '0')
if e ~= epoch or n ~= number then
  if e == toEpoch and n == number + 1 and kind == 'c' then return {'ok', before, ids} end
  return {'at', e, n, kind}
end
if s > 0 and redis.call('EXISTS', E) == 0 then return {'broken'} end
local parts
if newIds ~= '' or usedIds ~= '' then
  parts = readParts()
  if idsIn(parts) ~= ids then return {'broken'} end
  local index = 0
  for digest in records(newIds, 3) do
    local value, _, part = findId(parts, digest)
    if value then return {'dup', index, value, redis.call('HGET', B .. 'x' .. part.p .. path, digest) or ''} end
    index = index + 1
  end
end
if storage ~= '' and redis.call('HLEN', S) ~= stored then return {'broken'} end
if alarms ~= '' and redis.call('ZCARD', A) ~= due then return {'broken'} end

local time = fixed == '' and math.max(now(), before) or tonumber(fixed)
local timeText = int(time)
for name, data, digest in records(events, 3) do
  s = s + 1
  -- Only the first write may be refused: the stream does not end where the room does.
  local added = redis.pcall('XADD', E, int(s) .. '-0', 't', name, 'd', data, 'm', timeText, 'i', digest)
  if added.err then return {'broken'} end
end
if n == 0 and e == '' then redis.call('ZADD', B .. 'rooms', 0, path) end
local cleared = 0
for begun, first, isCleared in records(begins, 3) do
  redis.call('RPUSH', L, begun .. ' ' .. first .. ' ' .. isCleared)
  if isCleared == '1' then cleared = tonumber(first) end
  redis.call('LTRIM', L, -1000, -1)
end
if parts then
  local part = partFor(parts, time, tonumber(maxAge))
  for digest, value, err in records(newIds, 3) do
    add(part.ids, digest, value)
    part.last = time
    ids = ids + 1
    if err ~= '' then redis.call('HSET', B .. 'x' .. part.p .. path, digest, err) end
  end
  for digest, value, err in records(usedIds, 3) do
    local known, key, place = findId(parts, digest)
    if known then
      -- Its seq, if it has none yet.
      local size = 1 + string.byte(known) % 128
      if #known == size then redis.call('HSET', key, digest, known .. string.sub(value, 2 + string.byte(value) % 128)) end
    else
      add(part.ids, digest, value)
      part.last = time
      ids, place = ids + 1, part
    end
    if err ~= '' then redis.call('HSET', B .. 'x' .. place.p .. path, digest, err) end
  end
  addClients(part, clients)
end
for producer, last in records(producers, 2) do
  redis.call('HSET', P, producer, last)
  redis.call('ZADD', B .. 'o' .. path, timeText, producer)
end
for key, value in records(storage, 2) do
  local old = redis.call('HSTRLEN', S, key)
  if old > 0 then bytes = bytes - #key - old + 1 end
  if value == '' then
    redis.call('HDEL', S, key)
  else
    redis.call('HSET', S, key, value)
    bytes = bytes + #key + #value - 1
  end
end
for name, at in records(alarms, 2) do
  if at == '' then redis.call('ZREM', A, name) else redis.call('ZADD', A, at, name) end
end
if alarms ~= '' then
  local earliest = redis.call('ZRANGE', A, 0, 0, 'WITHSCORES')
  if earliest[2] then redis.call('ZADD', B .. 'alarms', earliest[2], path) else redis.call('ZREM', B .. 'alarms', path) end
end
for seq in records(redacted, 1) do
  local event = redis.call('XRANGE', E, seq .. '-0', seq .. '-0')[1]
  local fields = event and event[2]
  if fields and tonumber(seq) >= f and fields[2] ~= 'redacted' then
    redis.call('XDEL', E, seq .. '-0')
    redis.call('HSET', R, seq, fields[6])
    if fields[8] ~= '' then
      parts = parts or readParts()
      local known, key = findId(parts, fields[8])
      if known then redis.call('HSET', key, fields[8], string.char(0)) end
    end
  end
end
if parts then writeParts(parts) end
f = math.max(f, keepFrom, cleared)
if cleared > 0 then
  redis.call('XTRIM', E, 'MINID', int(cleared) .. '-0')
  for _, seq in ipairs(redis.call('HKEYS', R)) do
    if tonumber(seq) < cleared then redis.call('HDEL', R, seq) end
  end
elseif keepFrom > 1 then
  redis.call('XTRIM', E, 'MINID', '~', int(keepFrom) .. '-0')
end
if storage ~= '' then redis.call('HSET', M, 'sb', int(bytes), 'sc', redis.call('HLEN', S)) end
if alarms ~= '' then redis.call('HSET', M, 'ac', redis.call('ZCARD', A)) end
redis.call('HSET', M, 'e', toEpoch, 'n', int(n + 1), 'k', 'c', 's', int(s), 'f', int(f), 't', timeText, 'u', timeText,
  'ma', maxAge, 'fa', forgetAfter, 'ic', int(ids))
return {'ok', time, ids}
`,
}
