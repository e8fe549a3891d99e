/**
 * Leaves a note for a node: make sure that you still own this room. The node reads it with its next beat. One that is gone
 * from Redis, should it come back, makes sure of all its rooms.
 */
import type { Script } from './script.ts'

export const note: Script = {
  name: 'note',
  text: `#!lua flags=allow-oom
if not redis.call('HGET', KEYS[1], ARGV[1]) then return 0 end
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
redis.call('ZADD', KEYS[1] .. 'n' .. ARGV[1], now, ARGV[2])
return 1
`,
}
