/**
 * Lua that forgets the oldest parts of a room's ids, some hashes at a time. Of each client the latest time in a forgotten
 * id is kept, so that such ids are refused later. A part of `trim.ts`, `erase.ts` and `drop.ts`.
 */
export const FORGET = `
local function forgetClient(digest, doubled, latest)
  local time = doubled - doubled % 2
  if time == 0 or time > 2 * (latest + 86400000) then return end
  local g, n = unpack(redis.call('HMGET', M, 'fg', 'fn'))
  g, n = tonumber(g or '0'), tonumber(n or '0')
  for old = g, 0, -1 do
    local key = shard('f', '', old, digest)
    local known = redis.call('HGET', key, digest)
    if known then
      if time > tonumber(known) then redis.call('HSET', key, digest, int(time)) end
      return
    end
  end
  if n >= capacity(g) then
    if g == 8 then return end
    g, n = g + 1, 0
  end
  redis.call('HSET', shard('f', '', g, digest), digest, int(time))
  redis.call('HSET', M, 'fg', g, 'fn', n + 1)
end
-- The keys of a part from number 'at' on: first those of its clients, each of which costs more. Calls 'use' with each.
local function eachShard(part, at, most, use)
  local index, used = 0, 0
  for _, kind in ipairs({'c', 'i'}) do
    for g = 0, kind == 'c' and part.cg or part.g do
      if index + POWERS[g] <= at then
        index = index + POWERS[g]
      else
        for each = 0, POWERS[g] - 1 do
          if index >= at then
            if used >= most then return index end
            use(B .. kind .. part.p .. '.' .. g .. '.' .. each .. path, kind)
            used = used + (kind == 'c' and 20 or 1)
          end
          index = index + 1
        end
      end
    end
  end
end
local function removePart(parts, index)
  local part = table.remove(parts, index)
  redis.call('UNLINK', B .. 'x' .. part.p .. path)
  redis.call('HINCRBY', M, 'ic', '-' .. int(part.all))
  redis.call('HDEL', M, 'fp')
  local text = {}
  for _, x in ipairs(parts) do
    text[#text + 1] = table.concat({x.p, int(x.begin), int(x.last), x.g, int(x.n), int(x.all), x.cg, int(x.cn)}, ' ') .. ';'
  end
  if #text == 0 then redis.call('DEL', Q) else redis.call('SET', Q, table.concat(text)) end
end
-- Ids answered before 'old' and before the oldest event. Returns when the oldest part left ends, and whether this is all.
local function forgetParts(old, oldest)
  local parts = readParts()
  local part = parts[1]
  if not part then return nil, true end
  if part.last > old or part.last >= oldest then return part.last, true end
  local at = tonumber(redis.call('HGET', M, 'fp') or '0')
  local rest = eachShard(part, at, 200, function(key, kind)
    if kind == 'c' then
      local fields = redis.call('HGETALL', key)
      for i = 1, #fields, 2 do forgetClient(fields[i], tonumber(fields[i + 1]), part.last) end
    end
    redis.call('UNLINK', key)
  end)
  if rest then redis.call('HSET', M, 'fp', rest) else removePart(parts, 1) end
  return parts[1] and parts[1].last, false
end
-- All that is known of ids.
local function removeIds()
  for _, part in ipairs(readParts()) do
    eachShard(part, 0, 1e15, function(key) redis.call('UNLINK', key) end)
    redis.call('UNLINK', B .. 'x' .. part.p .. path)
  end
  for g = 0, tonumber(redis.call('HGET', M, 'fg') or '-1') do
    for each = 0, POWERS[g] - 1 do redis.call('UNLINK', B .. 'f.' .. g .. '.' .. each .. path) end
  end
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
