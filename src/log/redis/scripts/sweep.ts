/**
 * What is to be done in the rooms of a bucket after a path, for who looks for what is kept too long: `trim` if something
 * is too old, `forget` if nobody has used it for as long as it says, `drop` if nothing is left of it, `mend` if Redis has lost
 * a part of it, `owned` if none of it, and a node owns it, `held` if it could be dropped, but a node had it in its memory. Path, epoch, number of the last commit, how long events are
 * kept, owner and term of each; before them the last path that was looked at, '' at the end. Writes nothing.
 */
import type { Script } from './script.ts'

export const sweep: Script = {
  name: 'sweep',
  text: `#!lua flags=no-writes
local B, DAY, WEEK = KEYS[1], 86400000, 604800000
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function timeOf(path, seq)
  local event = redis.call('XRANGE', B .. 'e' .. path, seq .. '-0', '+', 'COUNT', 1)[1]
  return tonumber(event and event[2][6] or redis.call('HGET', B .. 'r' .. path, seq) or nil)
end
local function isDue(path, first, maxAge)
  local oldest = first and timeOf(path, first)
  if oldest and oldest < now - maxAge then return true end
  local last = tonumber(string.match(redis.call('GET', B .. 'q' .. path) or '', '^%d+ %d+ (%d+)') or now)
  if last <= now - DAY and last < (oldest or now) then return true end
  local silent = redis.call('ZRANGE', B .. 'o' .. path, 0, 0, 'WITHSCORES')[2]
  return silent ~= nil and tonumber(silent) <= now - math.max(DAY, maxAge)
end
local rooms = {}
local paths = redis.call('ZRANGE', B .. 'rooms', ARGV[1] == '' and '-' or '(' .. ARGV[1], '+', 'BYLEX', 'LIMIT', 0, 50)
for _, path in ipairs(paths) do
  local m = redis.call('HMGET', B .. 'm' .. path, 'e', 'n', 'ma', 'fa', 'u', 's', 'f', 'sc', 'ac', 'ic', 'o', 'w', 'h')
  local function number(i, default) return tonumber(m[i] or '') or default end
  local hasEvents, maxAge, used = number(6, 0) >= number(7, 1), number(3, 1e15), number(5, 0)
  local isKept = hasEvents or number(8, 0) + number(9, 0) + number(10, 0) > 0
  local what
  if not m[2] or (number(9, 0) > 0 and not redis.call('ZSCORE', B .. 'alarms', path)) then
    what = 'mend'
  elseif isKept and number(4, 0) > 0 and used + number(4, 0) <= now then
    what = 'forget'
  elseif isDue(path, hasEvents and m[7] or hasEvents and '1', maxAge) then
    what = 'trim'
  elseif m[11] then
    what = 'owned'
  elseif not isKept and used <= now - WEEK and redis.call('EXISTS', B .. 'p' .. path) == 0 then
    what = m[13] and 'held' or 'drop'
  end
  if what then rooms[#rooms + 1] = {what, path, m[1] or '', m[2] or '0', m[3] or '0', m[11] or m[13] or '', m[12] or '0'} end
end
return {#paths == 50 and paths[50] or '', rooms}
`,
}
