/** The connection to a real Redis: what a call gets, what becomes of it when the connection ends, and how it comes back. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parseAddress } from '../../src/log/redis/address.ts'
import { RedisConnection } from '../../src/log/redis/connection.ts'
import { RedisRefusal } from '../../src/log/redis/redis-calls.ts'
import type { Script } from '../../src/log/redis/scripts/script.ts'
import { need } from '../support/components.ts'
import { patiently } from '../support/patience.ts'
import { RedisServer } from '../support/redis.ts'
import { RedisRelay } from '../support/redis-relay.ts'

const command = need('redis')
const ECHO: Script = { name: 'echo', text: '#!lua\nreturn {KEYS[1], ARGV[1], 7, false, {ARGV[2]}}' }
const COUNT: Script = { name: 'count', text: "#!lua\nreturn redis.call('INCRBY', KEYS[1], ARGV[1])" }

let redis: RedisServer
let connection: RedisConnection
let ready: () => Promise<void>

beforeAll(async () => {
  if (command) redis = await RedisServer.start(command)
})
afterAll(() => redis?.remove())
afterEach(() => connection?.close())

/** A connection that is ready. */
async function connect(url = redis.url): Promise<RedisConnection> {
  let next = Promise.withResolvers<void>()
  ready = () => patiently(next.promise, 'a connection')
  connection = new RedisConnection({
    address: parseAddress(url),
    ready: () => {
      next.resolve()
      next = Promise.withResolvers()
    },
    away: () => {},
    failed: () => {},
  })
  await ready()
  return connection
}

describe('a call', () => {
  it('gives a script its key and arguments as bytes, and gets bytes back', async () => {
    const calls = await connect()
    const bytes = Uint8Array.of(0, 255, 13, 10, 128)
    expect(await calls.run(ECHO, 'corridor:{1}', ['/rüm', bytes])).toEqual([
      Buffer.from('corridor:{1}'),
      Buffer.from('/rüm'),
      7,
      null,
      [Buffer.from(bytes)],
    ])
  })

  it('has as many arguments as a step may keep: a function of JavaScript takes fewer', async () => {
    const calls = await connect()
    const many: Script = { name: 'many', text: '#!lua\nreturn {#ARGV, ARGV[#ARGV]}' }
    const args = Array.from({ length: 600_000 }, (_, index) => (index % 2 === 0 ? 'key' : Buffer.from(`${index}`)))
    expect(await calls.run(many, 'many', args)).toEqual([600_000, Buffer.from('599999')])
  })

  it('runs a script that Redis has forgotten, once', async () => {
    const calls = await connect()
    expect(await calls.run(COUNT, 'forgotten', [2])).toBe(2)
    await redis.say('SCRIPT', 'FLUSH')
    expect(await calls.run(COUNT, 'forgotten', [3])).toBe(5)
    expect(await calls.run(COUNT, 'forgotten', [5])).toBe(10)
  })

  it('gets the reply of a command as Redis sends it', async () => {
    const calls = await connect()
    await calls.command('hset', 'hash', 'a', 1, 'b', 2)
    expect(await calls.command('hgetall', 'hash')).toEqual(['a', '1', 'b', '2'].map((text) => Buffer.from(text)))
    await calls.command('zadd', 'zset', 1.5, 'x')
    expect(await calls.command('zrange', 'zset', 0, -1, 'WITHSCORES')).toEqual([Buffer.from('x'), Buffer.from('1.5')])
  })

  it('that Redis answers with an error is refused with its code', async () => {
    const calls = await connect()
    await calls.command('set', 'text', 'no number')
    const refused = await calls.run(COUNT, 'text', [1]).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(RedisRefusal)
    await redis.set('maxmemory', '1')
    try {
      await expect(calls.run(COUNT, 'other', [1])).rejects.toMatchObject({ code: 'OOM' })
    } finally {
      await redis.set('maxmemory', '0')
    }
  })
})

describe('a connection that ends', () => {
  it('rejects what has no answer, says nothing twice, and comes back', async () => {
    const calls = await connect()
    const back = ready()
    redis.freeze()
    const open = Promise.allSettled([calls.run(COUNT, 'twice', [1]), calls.command('INCR', 'twice')])
    await redis.kill()
    for (const { status, reason } of (await open) as PromiseRejectedResult[]) {
      expect(status).toBe('rejected')
      expect(reason).not.toBeInstanceOf(RedisRefusal)
    }
    await expect(calls.command('INCR', 'twice')).rejects.not.toBeInstanceOf(RedisRefusal)
    expect(calls.isReady).toBe(false)
    await redis.restart()
    await back
    expect(await calls.command('GET', 'twice')).toBe(null)
    expect(await calls.run(COUNT, 'twice', [1])).toBe(1)
  })

  it('finds what was answered, and what its files held before', async () => {
    const calls = await connect()
    expect(await calls.command('INCR', 'kept')).toBe(1)
    redis.saveFiles()
    expect(await calls.command('INCR', 'kept')).toBe(2)
    const back = ready()
    await redis.kill()
    await redis.restart()
    await back
    expect(await calls.command('GET', 'kept')).toEqual(Buffer.from('2'))
    const again = ready()
    await redis.stop()
    redis.putFilesBack()
    await redis.restart()
    await again
    expect(await calls.command('GET', 'kept')).toEqual(Buffer.from('1'))
  })
})

describe('on a bad network', () => {
  let relay: RedisRelay
  beforeAll(async () => {
    if (command) relay = await RedisRelay.to(redis.port)
  })
  afterAll(() => relay?.close())

  it('a call whose answer is lost has run, once', async () => {
    const calls = await connect(relay.url)
    await calls.run(COUNT, 'known', [1])
    const back = ready()
    relay.loseAnswers()
    const lost = calls.run(COUNT, 'lost', [1]).catch((error: unknown) => error)
    await expect.poll(() => redis.say('GET', 'lost')).toBe('1')
    relay.cut()
    relay.passAnswers()
    expect(await lost).toBeInstanceOf(Error)
    expect(await lost).not.toBeInstanceOf(RedisRefusal)
    await back
    expect(await calls.command('GET', 'lost')).toEqual(Buffer.from('1'))
  })

  it('a call may run after its connection has died', async () => {
    const calls = await connect(relay.url)
    const back = ready()
    relay.holdCalls()
    const late = calls.command('INCR', 'late').catch((error: unknown) => error)
    await expect.poll(() => relay.held).toBe(1)
    relay.cut()
    expect(await late).toBeInstanceOf(Error)
    expect(await redis.say('GET', 'late')).toBe(null)
    relay.passCalls()
    await expect.poll(() => redis.say('GET', 'late')).toBe('1')
    await back
    expect(await calls.command('INCR', 'late')).toBe(2)
  })

  it('all that is said in one turn leaves in one write', async () => {
    const calls = await connect(relay.url)
    relay.holdCalls()
    const all = Promise.all(Array.from({ length: 50 }, (_, n) => calls.run(COUNT, `turn${n}`, [n])))
    await expect.poll(() => relay.held).toBe(1)
    relay.passCalls()
    expect(await all).toEqual(Array.from({ length: 50 }, (_, n) => n))
  })
})

describe('with a replica', () => {
  it('a call knows whether the replica has it, and waits no more for one that is frozen', async () => {
    const replica = await RedisServer.start(command ?? '', { replicaof: `127.0.0.1 ${redis.port}` })
    try {
      const calls = await connect()
      await expect.poll(() => redis.say('INFO', 'replication')).toContain('state=online')
      const add = (by: number) => calls.runReplicated(COUNT, 'replicated', [by])
      /** A replica may be slow on a busy machine. */
      const replicated = () => {
        calls.trustReplicas()
        return add(0)
      }
      await add(1)
      await expect.poll(replicated).toEqual({ reply: 1, isReplicated: true })
      await redis.say('SCRIPT', 'FLUSH')
      await expect.poll(replicated).toEqual({ reply: 1, isReplicated: true })
      expect(await replica.say('GET', 'replicated')).toBe('1')
      replica.freeze()
      expect(await add(1)).toEqual({ reply: 2, isReplicated: false })
      replica.thaw()
      expect(await add(1)).toEqual({ reply: 3, isReplicated: false })
      await expect.poll(replicated).toEqual({ reply: 3, isReplicated: true })
    } finally {
      await replica.remove()
    }
  })
})
