/**
 * A node beats: it raises its counter, takes back the notes that it has read, and reads of all nodes. A node is a field of
 * the hash: counter, when it started ('': now), what it says of itself. Notes: paths, each with its time. A call that
 * arrives late neither puts the counter back nor removes a note that was left meanwhile.
 *
 * Beside the hash stands the time of all nodes, as one of them said it last, and when that was by Redis' clock. A node that
 * does not know it says 0. It says too what it expects of that clock, and how exactly: a call that was long on its way says
 * an old time, and none counts where the clock has jumped.
 *
 * Returns Redis' time, that of all nodes before ('': none), the run of Redis, what the counter was ('': none), all nodes,
 * notes.
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
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
local said = redis.call('GET', N .. 'c') or ''
local was = string.match(redis.call('HGET', N, id) or '', '^%d+') or ''
if was == '' or tonumber(was) < counter then
  redis.call('HSET', N, id, ARGV[2] .. ' ' .. (started == '' and now or started) .. ' ' .. entry)
  local isExact = math.abs(tonumber(now) - tonumber(ARGV[6])) <= tonumber(ARGV[7])
  if ARGV[5] ~= '0' and isExact then redis.call('SET', N .. 'c', ARGV[5] .. ' ' .. now) end
end
for i = 8, #ARGV, 2 do
  if redis.call('ZSCORE', notes, ARGV[i]) == ARGV[i + 1] then redis.call('ZREM', notes, ARGV[i]) end
end
return {
  now, said, string.match(redis.call('INFO', 'server'), 'run_id:(%w+)'), was,
  redis.call('HGETALL', N), redis.call('ZRANGE', notes, 0, ${NOTES_EACH - 1}, 'WITHSCORES')
}
`,
}
