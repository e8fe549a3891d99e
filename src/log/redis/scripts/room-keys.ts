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
 * Ids are packed: a part is a time, in it generations of hashes, each with four times as many as the one before, so that
 * none has many more than 100 fields and Redis keeps it in a list of bytes. An id is a digest, looked for in all of them.
 *
 * A part as text: number, begin and newest id (ms), generation and ids in it, all ids, and the same for its clients.
 */
export const IDS = `
local POWERS = {[0] = 1, 4, 16, 64, 256, 1024, 4096, 16384, 65536}
local function capacity(g)
  if g == 0 then return 100 elseif g == 8 then return 1e15 end
  return POWERS[g] * 80
end
local function shard(kind, p, g, digest)
  local a, b, c = string.byte(digest, 1, 3)
  return B .. kind .. p .. '.' .. g .. '.' .. (a * 65536 + b * 256 + c) % POWERS[g] .. path
end
local function readParts()
  local parts = {}
  for p, begin, last, g, n, all, cg, cn in string.gmatch(redis.call('GET', Q) or '', '(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+);') do
    parts[#parts + 1] = {p = p, begin = tonumber(begin), last = tonumber(last), g = tonumber(g), n = tonumber(n), all = tonumber(all), cg = tonumber(cg), cn = tonumber(cn)}
  end
  return parts
end
local function find(kind, part, digest)
  for g = kind == 'i' and part.g or part.cg, 0, -1 do
    local key = shard(kind, part.p, g, digest)
    local value = redis.call('HGET', key, digest)
    if value then return value, key end
  end
end
local function findId(parts, digest)
  for i = #parts, 1, -1 do
    local value, key = find('i', parts[i], digest)
    if value then return value, key, parts[i] end
  end
end
`

/** Adds ids and their clients. An id's value: a byte with the length of the hash, the hash, the seq. */
export const ADD_IDS = `
local PART_MS, PART_LEAST = 28800000, 100
local function partFor(parts, time)
  local part = parts[#parts]
  if part and (time - part.begin < PART_MS or part.all < PART_LEAST) then return part end
  part = {p = tostring(part and tonumber(part.p) + 1 or 1), begin = time, last = time, g = 0, n = 0, all = 0, cg = 0, cn = 0}
  parts[#parts + 1] = part
  return part
end
local function writeParts(parts)
  local text = {}
  for _, x in ipairs(parts) do
    text[#text + 1] = table.concat({x.p, int(x.begin), int(x.last), x.g, int(x.n), int(x.all), x.cg, int(x.cn)}, ' ') .. ';'
  end
  if #text == 0 then redis.call('DEL', Q) else redis.call('SET', Q, table.concat(text)) end
end
local function addId(part, digest, value, time)
  if part.n >= capacity(part.g) then part.g, part.n = part.g + 1, 0 end
  redis.call('HSET', shard('i', part.p, part.g, digest), digest, value)
  part.n, part.all, part.last = part.n + 1, part.all + 1, time
end
local function addClient(part, digest, latest)
  local known, key = find('c', part, digest)
  if known then
    known = tonumber(known)
    local both = math.max(known - known % 2, latest - latest % 2) + math.max(known % 2, latest % 2)
    if both ~= known then redis.call('HSET', key, digest, int(both)) end
    return
  end
  if part.cn >= capacity(part.cg) then part.cg, part.cn = part.cg + 1, 0 end
  redis.call('HSET', shard('c', part.p, part.cg, digest), digest, int(latest))
  part.cn = part.cn + 1
end
`
