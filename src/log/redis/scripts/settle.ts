/**
 * Makes sure of a commit whose answer is lost: `done` time ids, or `void`: it is refused from now on, however late it
 * comes. Merely asking would not be safe: a call of a dead connection may arrive after the question. `at` epoch number
 * kind: the room is elsewhere. The run id comes last.
 */

import { PLACE, ROOM } from './room-keys.ts'
import type { Script } from './script.ts'

export const settle: Script = {
  name: 'settle',
  text: `#!lua flags=allow-oom
${ROOM}${PLACE}
local epoch, number, toEpoch = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local e, n, kind = place()
if e == toEpoch and n == number + 1 and kind == 'c' then
  local done = redis.call('HMGET', M, 't', 'ic')
  return {'done', tonumber(done[1]), tonumber(done[2]), run()}
end
if e == epoch and n == number + 1 and kind == 'v' then return {'void', run()} end
if e ~= epoch or n ~= number then return {'at', e, n, kind, run()} end
if n == 0 and e == '' then redis.call('ZADD', B .. 'rooms', 0, path) end
redis.call('HSET', M, 'e', e, 'n', int(n + 1), 'k', 'v', 'u', int(now()))
return {'void', run()}
`,
}
