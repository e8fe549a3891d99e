/**
 * Lua that forgets the oldest parts of a room's ids, some hashes at a time. Of each client the latest time in a forgotten
 * id is kept, so that such ids are refused later. A part of `trim.ts`, `erase.ts` and `drop.ts`.
 */
export const FORGET = `
local function forgetClient(forgotten, digest, doubled, latest)
  local time = doubled - doubled % 2
  if time == 0 or time > 2 * (latest + 86400000) then return end
  local key = hashOf(forgotten, digest)
  local known = tonumber(redis.call('HGET', key, digest) or '-1')
  if known < 0 and forgotten.fields < 1000000 then
    add(forgotten, digest, int(time))
  elseif known >= 0 and time > known then
    redis.call('HSET', key, digest, int(time))
  end
end
-- The hashes of a part from number 'at' on: first those of its clients, each of which costs more. Calls 'use' with each.
local function eachHash(part, at, most, use)
  local used = 0
  for index = at, part.clients.hashes + part.ids.hashes - 1 do
    if used >= most then return index end
    local isClients = index < part.clients.hashes
    if isClients then use(part.clients.name .. index .. path, true) else use(part.ids.name .. (index - part.clients.hashes) .. path, false) end
    used = used + (isClients and 20 or 1)
  end
end
local function removePart(parts, index)
  local part = table.remove(parts, index)
  redis.call('UNLINK', B .. 'x' .. part.p .. path)
  redis.call('HINCRBY', M, 'ic', '-' .. int(part.ids.fields))
  redis.call('HDEL', M, 'fp')
  writeParts(parts)
end
-- Ids answered before 'old' and before the oldest event. Returns when the oldest part left ends, and whether this is all.
local function forgetParts(old, oldest)
  local parts = readParts()
  local part = parts[1]
  if not part then return nil, true end
  if part.last > old or part.last >= oldest then return part.last, true end
  local at = tonumber(redis.call('HGET', M, 'fp') or '0')
  local forgotten = forgottenClients()
  local rest = eachHash(part, at, 200, function(key, isClients)
    if isClients then
      local fields = redis.call('HGETALL', key)
      for i = 1, #fields, 2 do forgetClient(forgotten, fields[i], tonumber(fields[i + 1]), part.last) end
    end
    redis.call('UNLINK', key)
  end)
  if forgotten.fields > 0 then redis.call('HSET', M, 'fh', int(forgotten.hashes), 'fn', int(forgotten.fields)) end
  if rest then redis.call('HSET', M, 'fp', rest) else removePart(parts, 1) end
  return parts[1] and parts[1].last, false
end
-- All that is known of ids.
local function removeIds()
  for _, part in ipairs(readParts()) do
    eachHash(part, 0, 1e15, function(key) redis.call('UNLINK', key) end)
    redis.call('UNLINK', B .. 'x' .. part.p .. path)
  end
  local forgotten = forgottenClients()
  for each = 0, forgotten.hashes - 1 do redis.call('UNLINK', forgotten.name .. each .. path) end
  redis.call('UNLINK', Q)
end
-- The epochs from whose end no client can resume, if the events before 'first' are gone.
local function trimEpochs(first)
  local all, last, cleared = redis.call('LRANGE', L, 0, -1), 0, 0
  local firsts = {}
  for i, entry in ipairs(all) do
    local begun, isCleared = string.match(entry, '^%w+ (%d+) (%d)$')
    firsts[i] = tonumber(begun)
    if firsts[i] < first then last = math.max(last, firsts[i]) end
    if isCleared == '1' then cleared = firsts[i] end
  end
  local kept = {}
  for i, entry in ipairs(all) do
    if firsts[i] >= last or firsts[i] < cleared then kept[#kept + 1] = entry end
  end
  if #kept == #all then return end
  redis.call('DEL', L)
  for _, entry in ipairs(kept) do redis.call('RPUSH', L, entry) end
end
`
