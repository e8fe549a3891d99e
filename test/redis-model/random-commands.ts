/** Random commands on few keys, so that they meet each other, wrong types and wrong arguments too. */
import type { Argument } from '../../src/log/redis/redis-calls.ts'
import type { Dice } from '../support/random.ts'

type Words = readonly [string, string, ...Argument[]]

const TYPES = ['text', 'hash', 'list', 'zset', 'stream'] as const

/** A command, its key, its arguments. */
export function randomCommand(dice: Dice): Words {
  // Mostly the key that fits: the others are wrong types.
  const key = (type: (typeof TYPES)[number]) => `x:{1}${dice.oneIn(30) ? dice.pick(TYPES) : type}${dice.below(2)}`
  const word = () => dice.pick(['a', 'b', 'aa', 'ä', '', '7', '-12', '4000', '99999999999', 'x'.repeat(dice.below(90))])
  const bytes = () => (dice.oneIn(8) ? Buffer.from([0, 255, 128, dice.below(256)]) : word())
  const score = () =>
    dice.pick([-3, 0, 0.1, 1.5, 7, 1_767_225_600_000, 2 ** 52 + 1, 'inf', '-inf', '1e3', dice.below(9)])
  const index = () => dice.below(9) - 4
  const number = () => (dice.oneIn(15) ? dice.pick(['x', '1.5', '', ' 1', '9223372036854775808']) : index())
  const id = () => (dice.oneIn(9) ? dice.pick(['-', '+', '(3', '(5-0', 'x', '7-', '3-1']) : `${dice.below(400)}-0`)
  const some = <T>(most: number, make: () => T) => Array.from({ length: 1 + dice.below(most) }, make)
  const limit = () => dice.pick(['-inf', '+inf', '(1', 0, 5, '(7', 'x', 1_767_225_600_000])
  const bytesLimit = () => dice.pick(['-', '+', '[a', '(a', '[b', '(x', 'a'])
  const limited = () => (dice.oneIn(2) ? ['LIMIT', dice.below(3), dice.below(4) - 1] : [])
  const fields = () =>
    dice.oneIn(6) ? some(3, bytes) : ['t', word(), 'd', 'x'.repeat(dice.below(200)), 'm', 17, 'i', '']
  const makers: readonly (() => Words)[] = [
    () => ['GET', key('text')],
    () => ['SET', key('text'), bytes(), ...(dice.oneIn(3) ? [dice.pick(['NX', 'XX', 'GET', 'KEEPTTL', 'y'])] : [])],
    () => ['INCRBY', key('text'), number()],
    () => ['STRLEN', key('text')],
    () => [dice.pick(['DEL', 'UNLINK', 'EXISTS']), ...(some(2, () => key(dice.pick(TYPES))) as [string])],
    () => ['HSET', key('hash'), ...some(5, bytes)],
    () => ['HMGET', key('hash'), ...some(3, bytes)],
    () => ['HDEL', key('hash'), ...some(2, bytes)],
    () => [dice.pick(['HGETALL', 'HKEYS', 'HVALS', 'HLEN']), key('hash')],
    () => [dice.pick(['HGET', 'HEXISTS', 'HSTRLEN']), key('hash'), bytes()],
    () => ['HINCRBY', key('hash'), word(), number()],
    () => [dice.pick(['RPUSH', 'LPUSH']), key('list'), ...some(4, bytes)],
    () => [dice.pick(['LRANGE', 'LTRIM']), key('list'), number(), number()],
    () => [dice.pick(['LLEN', 'LPOP', 'RPOP']), key('list')],
    () => ['LINDEX', key('list'), number()],
    () => ['LSET', key('list'), number(), word()],
    () => ['ZADD', key('zset'), ...(dice.oneIn(4) ? [dice.pick(['NX', 'XX', 'GT', 'CH'])] : []), score(), word()],
    () => ['ZADD', key('zset'), ...some(4, () => (dice.oneIn(3) ? score() : word()))],
    () => ['ZREM', key('zset'), ...some(2, word)],
    () => ['ZCARD', key('zset')],
    () => ['ZSCORE', key('zset'), word()],
    () => ['ZCOUNT', key('zset'), limit(), limit()],
    () => [
      'ZRANGE',
      key('zset'),
      number(),
      number(),
      ...(dice.oneIn(2) ? ['WITHSCORES'] : []),
      ...(dice.oneIn(3) ? ['REV'] : []),
    ],
    () => [
      'ZRANGE',
      key('zset'),
      limit(),
      limit(),
      'BYSCORE',
      ...limited(),
      ...(dice.oneIn(3) ? ['REV'] : []),
      'WITHSCORES',
    ],
    // Members are in the order of their bytes only where all have one score.
    () => ['ZADD', 'x:{1}bytes', 0, word(), 0, `${dice.below(20)}`],
    () => ['ZREM', 'x:{1}bytes', word(), `${dice.below(20)}`],
    () => [
      'ZRANGE',
      'x:{1}bytes',
      bytesLimit(),
      bytesLimit(),
      'BYLEX',
      ...(dice.oneIn(3) ? ['REV'] : []),
      ...limited(),
    ],
    () => ['XADD', key('stream'), dice.oneIn(12) ? `${dice.below(400)}-*` : id(), ...fields()],
    () => ['XADD', key('stream'), 'MINID', '~', id(), `${400 + dice.below(4000)}-${dice.below(2)}`, ...fields()],
    ...Array.from({ length: 6 }, (): (() => Words) => () => [
      'XADD',
      key('stream'),
      `${400 + dice.below(9000)}-0`,
      ...fields(),
    ]),
    () => ['XDEL', key('stream'), ...some(3, id)],
    () => [
      dice.pick(['XRANGE', 'XREVRANGE']),
      key('stream'),
      id(),
      id(),
      ...(dice.oneIn(2) ? ['COUNT', number()] : []),
    ],
    () => ['XRANGE', key('stream'), '-', '+', 'COUNT', 300],
    () => ['XTRIM', key('stream'), 'MINID', ...(dice.oneIn(2) ? ['~'] : []), `${dice.below(9000)}-0`],
    () => ['XTRIM', key('stream'), 'MAXLEN', ...(dice.oneIn(2) ? ['~'] : []), dice.below(150)],
    () => ['XLEN', key('stream')],
    () => ['TYPE', key(dice.pick(TYPES))],
    () => [dice.pick(['HGET', 'XADD', 'LRANGE', 'NOSUCH', 'GET']), key('text'), ...some(4, word)],
  ]
  return dice.pick(makers)()
}
