/**
 * The commit of one room: events, ids, producers, storage and alarms go forward together. Redis undoes nothing of a
 * script that fails half way, so everything is checked before the first write. `commit-call.ts` makes its arguments.
 *
 * Answers: `ok` time ids; `dup` which id, its value, its error; `at` epoch number kind, if the room is not where the call
 * continues; `run` the run id, if that is another; `broken`, if a part of the room is not as it was left.
 */

import { ADD_IDS, IDS, ROOM, WRITE_PARTS } from './room-keys.ts'
import type { Script } from './script.ts'

export const commit: Script = {
  name: 'commit',
  text: `#!lua
${ROOM}${IDS}${WRITE_PARTS}${ADD_IDS}
local next = 1
local function take() next = next + 1 return ARGV[next] end
local function takeNumber() return tonumber(take()) end

local runId, epoch, number, toEpoch, fixed = take(), take(), takeNumber(), take(), take()
local keepFrom, maxAge, forgetAfter = takeNumber(), take(), take()
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

local epochsAt = next
next = next + 1 + 3 * tonumber(ARGV[next + 1])
local eventsAt = next
next = next + 1 + 3 * tonumber(ARGV[next + 1])
local parts
local idCount = takeNumber()
local idsAt = next
if idCount > 0 then
  parts = readParts()
  if idsIn(parts) ~= ids then return {'broken'} end
  for index = 1, idCount do
    local digest, isNew = ARGV[next + 1], ARGV[next + 2] == 'n'
    if isNew then
      local value, _, part = findId(parts, digest)
      if value then return {'dup', index - 1, value, redis.call('HGET', B .. 'x' .. part.p .. path, digest) or ''} end
    end
    next = next + 7
  end
end

local last = next
next = next + 1 + 2 * tonumber(ARGV[next + 1])
local values = takeNumber()
if values > 0 and redis.call('HLEN', S) ~= stored then return {'broken'} end
next = next + 2 * values
local alarms = takeNumber()
if alarms > 0 and redis.call('ZCARD', A) ~= due then return {'broken'} end

local time = fixed == '' and math.max(now(), before) or tonumber(fixed)
next = eventsAt
for _ = 1, takeNumber() do
  s = s + 1
  -- Only the first write may be refused: the stream does not end where the room does.
  local added = redis.pcall('XADD', E, int(s) .. '-0', 't', take(), 'd', take(), 'm', int(time), 'i', take())
  if added.err then return {'broken'} end
end
if n == 0 and e == '' then redis.call('ZADD', B .. 'rooms', 0, path) end
next = epochsAt
local cleared = 0
for _ = 1, takeNumber() do
  local begun, first, isCleared = take(), take(), take()
  redis.call('RPUSH', L, begun .. ' ' .. first .. ' ' .. isCleared)
  if isCleared == '1' then cleared = tonumber(first) end
  redis.call('LTRIM', L, -1000, -1)
end
next = idsAt
if idCount > 0 then
  local part, clients = partFor(parts, time, tonumber(maxAge)), {}
  for _ = 1, idCount do
    local digest, state, hash, seq, err, client, latest = take(), take(), take(), take(), take(), take(), takeNumber()
    local known, key, place
    if state ~= 'n' then known, key, place = findId(parts, digest) end
    if known then
      local size = string.byte(known, 1) % 128
      if #known == 1 + size then redis.call('HSET', key, digest, known .. seq) end
    else
      add(part.ids, digest, hash .. seq)
      part.last = time
      ids, place = ids + 1, part
    end
    if err ~= '' then redis.call('HSET', B .. 'x' .. place.p .. path, digest, err) end
    local seen = clients[client]
    clients[client] = seen and math.max(seen - seen % 2, latest - latest % 2) + math.max(seen % 2, latest % 2) or latest
  end
  local sorted = {}
  for client in pairs(clients) do sorted[#sorted + 1] = client end
  table.sort(sorted)
  for _, client in ipairs(sorted) do addClient(part, client, clients[client]) end
end
next = last
for _ = 1, takeNumber() do
  local producer = take()
  redis.call('HSET', P, producer, take())
  redis.call('ZADD', B .. 'o' .. path, int(time), producer)
end
next = next + 1
for _ = 1, values do
  local key, value = take(), take()
  local old = redis.call('HSTRLEN', S, key)
  if old > 0 then bytes = bytes - #key - old + 1 end
  if value == '' then
    redis.call('HDEL', S, key)
  else
    redis.call('HSET', S, key, value)
    bytes = bytes + #key + #value - 1
  end
end
next = next + 1
for _ = 1, alarms do
  local name, at = take(), take()
  if at == '' then redis.call('ZREM', A, name) else redis.call('ZADD', A, at, name) end
end
if alarms > 0 then
  local earliest = redis.call('ZRANGE', A, 0, 0, 'WITHSCORES')
  if earliest[2] then redis.call('ZADD', B .. 'alarms', earliest[2], path) else redis.call('ZREM', B .. 'alarms', path) end
end
for _ = 1, takeNumber() do
  local seq = take()
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
if values > 0 then redis.call('HSET', M, 'sb', int(bytes), 'sc', redis.call('HLEN', S)) end
if alarms > 0 then redis.call('HSET', M, 'ac', redis.call('ZCARD', A)) end
redis.call('HSET', M, 'e', toEpoch, 'n', int(n + 1), 'k', 'c', 's', int(s), 'f', int(f), 't', int(time), 'u', int(time),
  'ma', maxAge, 'fa', forgetAfter, 'ic', int(ids))
return {'ok', time, ids}
`,
}
