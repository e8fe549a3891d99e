/**
 * Lua that the scripts begin with: the keys of a room, its times and its ids. Each script is its own text in Redis, so
 * what they share is repeated in each. `commit.ts` is read first.
 *
 * Room keys, by the letter between the bucket's prefix and the path: `m` what is known of the room (hash), `e` events
 * (stream), `s` storage (hash), `a` alarms (sorted set), `p` producers (hash) and `o` when each was last heard (sorted set), `l` epochs (list), `r` times of redacted
 * events (hash), `q` parts of its ids (string); `i`, `c`, `x`, `f` with a number: packed ids, their clients, errors kept
 * under ids, clients of forgotten ids (hashes).
 */

/** `B` and `path`; texts of whole numbers, since Lua writes large ones with an exponent. */
export const ROOM = `
local B, path = KEYS[1], ARGV[1]
local M, E, S, A, P, L, R, Q = B .. 'm' .. path, B .. 'e' .. path, B .. 's' .. path, B .. 'a' .. path, B .. 'p' .. path, B .. 'l' .. path, B .. 'r' .. path, B .. 'q' .. path
local function int(x) return string.format('%.0f', x) end
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local function run()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
end
`

/** Where the room's last commit stands: epoch, number, and what it was (`c` a commit, `v` void). */
export const PLACE = `
local function place()
  local m = redis.call('HMGET', M, 'e', 'n', 'k')
  return m[1] or '', tonumber(m[2] or '0'), m[3] or ''
end
`

/** Whether the stream ends where the room does: it may have been removed on its own. */
export const STREAM = `
local function lastOf(key)
  local info = redis.pcall('XINFO', 'STREAM', key)
  if info.err then return nil end
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return tonumber(string.match(info[i + 1], '^%d+')) end
  end
end
`

/**
 * Ids are packed: a part is a time, in it a table of hashes, so small that Redis keeps each as a list of bytes. A table
 * grows by one hash at a time, which takes its fields from another (W. Litwin, Linear Hashing, VLDB 1980), so a field is
 * in one place only. An id is a digest, looked for in every part; clients of the ids have a table of their own.
 *
 * A part as text: number, begin and newest id (ms), hashes and fields of its ids, and of their clients.
 */
export const IDS = `
local FIELDS_EACH = 44
local function numberOf(digest)
  local a, b, c = string.byte(digest, 1, 3)
  return a * 65536 + b * 256 + c
end
local function newTable(name, hashes, fields)
  local low = 1
  while low * 2 <= hashes do low = low * 2 end
  return {name = name, hashes = hashes, fields = fields, low = low}
end
local function hashOf(tab, digest)
  local at = numberOf(digest) % (2 * tab.low)
  if at >= tab.hashes then at = at - tab.low end
  return tab.name .. at .. path
end
local function grow(tab)
  while tab.fields > tab.hashes * FIELDS_EACH do
    local from, to = tab.name .. (tab.hashes - tab.low) .. path, tab.name .. tab.hashes .. path
    local all, moved, names = redis.call('HGETALL', from), {}, {}
    for i = 1, #all, 2 do
      if numberOf(all[i]) % (2 * tab.low) == tab.hashes then
        moved[#moved + 1], moved[#moved + 2], names[#names + 1] = all[i], all[i + 1], all[i]
      end
    end
    -- Far fewer, unless somebody knows the secret that the digests are made with.
    for i = 1, #names, 1000 do
      redis.call('HSET', to, unpack(moved, 2 * i - 1, math.min(2 * i + 1998, #moved)))
      redis.call('HDEL', from, unpack(names, i, math.min(i + 999, #names)))
    end
    tab.hashes = tab.hashes + 1
    if tab.hashes == 2 * tab.low then tab.low = tab.hashes end
  end
end
local function add(tab, digest, value)
  tab.fields = tab.fields + 1
  grow(tab)
  redis.call('HSET', hashOf(tab, digest), digest, value)
end
local function newPart(p, begin, last, hashes, ids, clientHashes, clients)
  return {p = p, begin = begin, last = last,
    ids = newTable(B .. 'i' .. p .. '.', hashes, ids), clients = newTable(B .. 'c' .. p .. '.', clientHashes, clients)}
end
local function readParts()
  local parts = {}
  for p, begin, last, hashes, ids, clientHashes, clients in string.gmatch(redis.call('GET', Q) or '', '(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+);') do
    parts[#parts + 1] = newPart(p, tonumber(begin), tonumber(last), tonumber(hashes), tonumber(ids), tonumber(clientHashes), tonumber(clients))
  end
  return parts
end
local function idsIn(parts)
  local all = 0
  for _, part in ipairs(parts) do all = all + part.ids.fields end
  return all
end
local function findId(parts, digest)
  for i = #parts, 1, -1 do
    local key = hashOf(parts[i].ids, digest)
    local value = redis.call('HGET', key, digest)
    if value then return value, key, parts[i] end
  end
end
-- Clients whose ids are forgotten.
local function forgottenClients()
  local known = redis.call('HMGET', M, 'fh', 'fn')
  return newTable(B .. 'f', tonumber(known[1] or '1'), tonumber(known[2] or '0'))
end
`

/** Writes what is known of the parts. */
export const WRITE_PARTS = `
local function writeParts(parts)
  local text = {}
  for _, x in ipairs(parts) do
    text[#text + 1] = table.concat({x.p, int(x.begin), int(x.last), int(x.ids.hashes), int(x.ids.fields), int(x.clients.hashes), int(x.clients.fields)}, ' ') .. ';'
  end
  if #text == 0 then redis.call('DEL', Q) else redis.call('SET', Q, table.concat(text)) end
end
`

/**
 * Adds ids and their clients. An id is looked for in every part, so where events, and their ids with them, are kept for long,
 * parts are long, too. An id's value: a byte with the length of the hash, the hash, the seq.
 */
export const ADD_IDS = `
local PART_MS, PART_LEAST, MOST_PARTS = 28800000, 100, 24
local function partFor(parts, time, maxAge)
  local part = parts[#parts]
  if part and (time - part.begin < math.max(PART_MS, maxAge / MOST_PARTS) or part.ids.fields < PART_LEAST) then return part end
  part = newPart(tostring(part and tonumber(part.p) + 1 or 1), time, time, 1, 0, 1, 0)
  parts[#parts + 1] = part
  return part
end
-- Those in one hash are asked for together.
local function addClients(part, packed)
  local names, digests, latests = {}, {}, {}
  for digest, latest in records(packed, 2) do
    local key = hashOf(part.clients, digest)
    if not digests[key] then names[#names + 1], digests[key], latests[key] = key, {}, {} end
    table.insert(digests[key], digest)
    table.insert(latests[key], tonumber(latest))
  end
  local new = {}
  for _, key in ipairs(names) do
    local changed = {}
    for i, known in ipairs(redis.call('HMGET', key, unpack(digests[key]))) do
      local digest, latest = digests[key][i], latests[key][i]
      local before = tonumber(known or latest)
      local both = math.max(before - before % 2, latest - latest % 2) + math.max(before % 2, latest % 2)
      if not known then new[#new + 1] = {digest, both} elseif both ~= before then changed[#changed + 1], changed[#changed + 2] = digest, int(both) end
    end
    if #changed > 0 then redis.call('HSET', key, unpack(changed)) end
  end
  for _, each in ipairs(new) do add(part.clients, each[1], int(each[2])) end
end
`

/**
 * Lists of records are packed into one text, since thousands of arguments cost more than what is done with them: of each
 * field its length in 4 bytes, then the field. `packed.ts` packs.
 */
export const RECORDS = `
local function none() end
local function records(packed, width)
  if packed == '' then return none end
  local format, at = '>' .. string.rep('I4c0', width), 1
  local function take(...)
    at = select(width + 1, ...)
    return ...
  end
  return function()
    if at <= #packed then return take(struct.unpack(format, packed, at)) end
  end
end
`
