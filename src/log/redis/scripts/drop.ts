/**
 * Removes a room of which nothing is left, that nobody owns and nobody has used for a week: 1, or 0 if it is not so any more. Its next
 * commit begins anew.
 */

import { FORGET } from './forget-ids.ts'
import { IDS, PLACE, ROOM, WRITE_PARTS } from './room-keys.ts'
import type { Script } from './script.ts'

export const drop: Script = {
  name: 'drop',
  text: `#!lua flags=allow-oom
${ROOM}${PLACE}${IDS}${WRITE_PARTS}${FORGET}
local e, n = place()
if e ~= ARGV[2] or n ~= tonumber(ARGV[3]) then return 0 end
local m = redis.call('HMGET', M, 's', 'f', 'u', 'ic', 'o')
if m[5] then return 0 end
if tonumber(m[1] or '0') >= tonumber(m[2] or '1') or tonumber(m[3] or '0') > now() - 604800000 or tonumber(m[4] or '0') > 0 then return 0 end
if redis.call('EXISTS', S, A, P) > 0 or redis.call('XLEN', E) > 0 then return 0 end
removeIds()
redis.call('UNLINK', M, E, L, R, B .. 'o' .. path)
redis.call('ZREM', B .. 'rooms', path)
return 1
`,
}
