/**
 * A node takes a room: it owns the room from now on, and the former owner's commits are refused, since a claim has a number
 * as a commit has. It names the commit that it continues. Terms and numbers rise with the time of Redis, so that none is ever
 * given twice, also where the room was removed meanwhile or Redis has lost writes; numbers in microseconds, of which each
 * claim takes more than one.
 *
 * Arguments: node, epoch and number that it continues, the owner that it takes the room from ('': none), and where it is said
 * again its term and number ('' at first). Answers: `ok` term number; `at` owner term epoch number, if the room is
 * elsewhere. `claims.ts` says it.
 */

import { ROOM } from './room-keys.ts'
import type { Script } from './script.ts'

export const claim: Script = {
  name: 'claim',
  text: `#!lua flags=allow-oom
${ROOM}
local node, epoch, number, former, term, to = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local m = redis.call('HMGET', M, 'e', 'n', 'o', 'w')
local e, n, owner, w = m[1] or '', tonumber(m[2] or '0'), m[3] or '', tonumber(m[4] or '0')
-- It stands, or somebody gave it back in the name of this node, and nobody has had the room since.
if term and w == term and (owner == node or owner == '') then
  if owner == '' then redis.call('HSET', M, 'o', node) end
  return {'ok', w, n}
end
if e ~= epoch or n ~= number then return {'at', owner, w, e, n} end
-- One that was given back has its owner again, or Redis has lost a claim.
if term and w >= term or not term and owner ~= '' and owner ~= former then return {'at', owner, w, e, n} end
local clock = redis.call('TIME')
local micros = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local time = math.floor(micros / 1000)
term, to = term or math.max(w + 1, time), to or math.max(n + 1, micros)
redis.call('ZADD', B .. 'rooms', 0, path)
if not m[2] then
  -- In the order in which a commit reads them: Redis looks for each from the beginning.
  redis.call('HSET', M, 'e', '', 'n', 0, 'k', '', 's', 0, 'f', 1, 't', 0, 'u', 0, 'ma', '', 'fa', '', 'ic', 0)
end
redis.call('HSET', M, 'n', int(to), 'k', 't', 'o', node, 'w', int(term), 'u', int(time))
redis.call('HDEL', M, 'h')
return {'ok', term, to}
`,
}
