/** Mistakes that a log in Redis could make, planted in its scripts and in how a node hears their answers. */
import { RoomIds } from '../../src/log/redis/room-ids.ts'
import { alter, alterAll, type Mistake, replace } from './planted.ts'

/** The first commit of an opening begins its epoch, so that a later one with its number is refused. */
const CHECKED = 'if e ~= epoch or n ~= number then'
const STORED = "if storage ~= '' and redis.call('HLEN', S) ~= stored then return {'broken'} end\n"

export const MISTAKES: Readonly<Record<string, Mistake>> = {
  'settling does not void': {
    altered: alter('settle', [
      "redis.call('HSET', M, 'e', e, 'n', int(n + 1), 'k', 'v', 'u', int(now()))\nreturn",
      'return',
    ]),
  },
  'the number of the commit is not checked': {
    kinds: ['calls arrive late', 'connection cut'],
    altered: alter('commit', [CHECKED, 'if e ~= epoch then']),
  },
  'a commit names the seq that it continues': {
    kinds: ['calls arrive late'],
    seed: 17,
    altered: alter(
      'commit',
      // What was kept without an event has left no trace in the seq.
      [CHECKED, "if e ~= epoch or number < tonumber(redis.call('HGET', M, 'sn') or '0') then"],
      [
        "redis.call('HSET', M, 'e', toEpoch, 'n', int(n + 1),",
        "n = math.max(n, number)\nif s > tonumber(m[4] or '0') then redis.call('HSET', M, 'sn', int(n + 1)) end\nredis.call('HSET', M, 'e', toEpoch, 'n', int(n + 1),",
      ],
    ),
  },
  'what is wrong is found after the first write': {
    kinds: ['Redis lost a key'],
    altered: alter(
      'commit',
      [STORED, ''],
      ["if n == 0 and e == '' then redis.call('ZADD'", `${STORED}if n == 0 and e == '' then redis.call('ZADD'`],
    ),
  },
  'ids are not asked for': { seed: 8, altered: alter('clients', ["latest < 0 and '' or int(latest + odd)", "''"]) },
  'a commit is no judge of ids, and the owner remembers none': {
    plant: () => replace(RoomIds, 'add', { value: () => {} }),
    altered: alter('commit', ['if value then return', 'if false then return']),
  },
  'an id is looked for in the newest ids only': {
    altered: (script) =>
      alterAll(
        'for i = #parts, 1, -1 do',
        'for i = #parts, math.max(1, #parts), -1 do',
      )(
        alterAll(
          'local PART_MS, PART_LEAST, MOST_PARTS = 28800000, 100, 24',
          'local PART_MS, PART_LEAST, MOST_PARTS = 500, 1, 1e9',
        )(script),
      ),
  },
  'the next commit does not wait for the answer': {
    forged: ({ name }) => (name === 'commit' ? [Buffer.from('ok'), 1, 0] : undefined),
  },
  'what is said again is said without its ids': {
    altered: alter('commit', ['if parts then\n  local part', "if parts and fixed == '' then\n  local part"]),
  },
  'a key of a room expires by itself': {
    altered: alter('commit', [
      "redis.call('HSET', S, key, value)",
      "redis.call('HSET', S, key, value)\n    redis.call('PEXPIRE', S, 8000)",
    ]),
  },
  'storage is kept apart from events': {
    altered: alter('commit', [
      "redis.call('HSET', S, key, value)",
      "if s % 7 > 0 then redis.call('HSET', S, key, value) end",
    ]),
  },
  'an alarm is not deleted': {
    altered: alter('commit', ["if at == '' then redis.call('ZREM', A, name) else", "if at == '' then else"]),
  },
  'the alarms of all rooms are kept apart': {
    altered: alter('commit', ["redis.call('ZADD', B .. 'alarms', earliest[2], path) else", 'else']),
  },
  'a room opens though its keys do not agree': {
    kinds: ['Redis lost a key'],
    altered: alter('open', [
      'return {m, lastOf(E)',
      "m[6], m[7], m[5] = redis.call('HLEN', S), redis.call('ZCARD', A), idsIn(readParts())\nreturn {m, lastOf(E)",
    ]),
  },
}
