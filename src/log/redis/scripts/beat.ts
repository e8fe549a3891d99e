/**
 * A node beats: it raises its counter, takes back the notes that it has read, and reads of all nodes. A node is a field of
 * the hash: counter, when it started ('': now), what it says of itself. Notes: paths, each with its time. A call that
 * arrives late neither puts the counter back nor removes a note that was left meanwhile.
 *
 * The time of all nodes never goes back, whatever the clock of Redis does: it is ahead of that by as much as any of them
 * has known (kept beside the hash, and said with each beat, since Redis may lose it).
 *
 * Returns that time, the run of Redis, what the counter was ('': none), all nodes, notes.
 */
import type { Script } from './script.ts'

/** At most so many are read at once; the rest comes with the next beat. */
export const NOTES_EACH = 1000

export const beat: Script = {
  name: 'beat',
  text: `#!lua flags=allow-oom
local N, id, counter, started, entry = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local notes = N .. 'n' .. id
local time = redis.call('TIME')
local clock = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local ahead = math.max(tonumber(redis.call('GET', N .. 't') or '0'), tonumber(ARGV[5]) - clock)
redis.call('SET', N .. 't', string.format('%.0f', ahead))
local now = string.format('%.0f', clock + ahead)
local was = string.match(redis.call('HGET', N, id) or '', '^%d+') or ''
if was == '' or tonumber(was) < counter then
  redis.call('HSET', N, id, ARGV[2] .. ' ' .. (started == '' and now or started) .. ' ' .. entry)
end
for i = 6, #ARGV, 2 do
  if redis.call('ZSCORE', notes, ARGV[i]) == ARGV[i + 1] then redis.call('ZREM', notes, ARGV[i]) end
end
return {
  now, string.match(redis.call('INFO', 'server'), 'run_id:(%w+)'), was,
  redis.call('HGETALL', N), redis.call('ZRANGE', notes, 0, ${NOTES_EACH - 1}, 'WITHSCORES')
}
`,
}
