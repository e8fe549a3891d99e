/**
 * The rooms of a bucket after a path, for who looks for what is kept too long: path, epoch, number of the last commit, how
 * long events are kept, the time at which nobody has used it for long enough ('': never), and how much is kept. The
 * time of Redis comes first. Writes nothing.
 */
import type { Script } from './script.ts'

export const sweep: Script = {
  name: 'sweep',
  text: `#!lua flags=no-writes
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local rooms = {}
for _, path in ipairs(redis.call('ZRANGE', KEYS[1] .. 'rooms', ARGV[1] == '' and '-' or '(' .. ARGV[1], '+', 'BYLEX', 'LIMIT', 0, 100)) do
  local m = redis.call('HMGET', KEYS[1] .. 'm' .. path, 'e', 'n', 'ma', 'fa', 'u', 's', 'f', 'sc', 'ac', 'ic')
  for i = 1, 10 do m[i] = m[i] or '' end
  rooms[#rooms + 1] = {path, unpack(m)}
end
return {string.format('%.0f', now), rooms}
`,
}
