/** Redis logs of tests on one real Redis: scripts have the time of the test's clock. */
import { type Clock, systemClock } from '../../src/clock.ts'
import type { RoomLogger } from '../../src/define.ts'
import { parseAddress } from '../../src/log/redis/address.ts'
import { RedisConnection } from '../../src/log/redis/connection.ts'
import { RedisLog } from '../../src/log/redis/redis.ts'
import type { RedisCalls } from '../../src/log/redis/redis-calls.ts'
import { list, text } from '../../src/log/redis/reply.ts'
import { systemRandom } from '../../src/random.ts'
import { clockedCalls } from './clocked-redis.ts'
import { RedisServer, type RedisSettings } from './redis.ts'

/** Calls of which a test knows when all are answered, and how many there were. */
export class CountedCalls implements RedisCalls {
  readonly #calls: RedisCalls
  readonly said = new Map<string, number>()
  #waiting = 0

  constructor(calls: RedisCalls) {
    this.#calls = calls
  }

  get count(): number {
    return [...this.said.values()].reduce((sum, count) => sum + count, 0)
  }

  run: RedisCalls['run'] = (script, ...rest) => this.#counted(script.name, () => this.#calls.run(script, ...rest))
  command: RedisCalls['command'] = (name, ...rest) => this.#counted(name, () => this.#calls.command(name, ...rest))

  /** Resolves when all that was begun is done: between two calls of it no time passes. */
  async idle(): Promise<void> {
    for (let calm = 0; calm < 3; calm = this.#waiting === 0 ? calm + 1 : 0)
      await new Promise<void>((resolve) => void setImmediate(resolve))
  }

  async #counted<T>(name: string, say: () => Promise<T>): Promise<T> {
    this.said.set(name, (this.said.get(name) ?? 0) + 1)
    this.#waiting += 1
    try {
      return await say()
    } finally {
      this.#waiting -= 1
    }
  }
}

const silent: RoomLogger = { debug() {}, info() {}, warn() {}, error() {} }

export class TestRedis {
  readonly server: RedisServer
  readonly connection: RedisConnection
  /** The runs that the logs know of. */
  readonly #runIds: string[] = []

  private constructor(server: RedisServer, connection: RedisConnection) {
    this.server = server
    this.connection = connection
  }

  /** `command`: what `need('redis')` found. */
  static async start(command: string, settings: RedisSettings = {}): Promise<TestRedis> {
    const server = await RedisServer.start(command, settings)
    const connected = Promise.withResolvers<void>()
    const connection = new RedisConnection({
      address: parseAddress(server.url),
      ready: connected.resolve,
      away() {},
      failed: connected.reject,
    })
    await connected.promise
    const redis = new TestRedis(server, connection)
    await redis.reconnected()
    return redis
  }

  /** Resolves when it takes calls after a start, of which the logs know then. */
  async reconnected(): Promise<void> {
    while (!this.connection.isReady) await new Promise((resolve) => void setTimeout(resolve, 10))
    const info = String(await this.server.say('INFO', 'server'))
    this.#runIds.splice(0, 1, /run_id:(\w+)/.exec(info)?.[1] ?? '')
  }

  /** `clock`: of the test, which gives scripts their time too; unless there is one, all is as in a server. */
  log(clock?: Clock, parts: { readonly logger?: RoomLogger; readonly calls?: RedisCalls } = {}): Promise<RedisLog> {
    const { logger = silent, calls: given = this.connection } = parts
    const health = {
      trouble: undefined,
      kept: 'fsync' as const,
      runIds: this.#runIds,
      warnings: [],
      failure: '',
      wasReached: true,
    }
    const calls = clock ? clockedCalls(given, clock) : given
    return RedisLog.open({ calls, health, clock: clock ?? systemClock(), random: systemRandom(), logger })
  }

  /** Bytes of what it keeps, without those of its connections. */
  async bytes(): Promise<number> {
    const info = String(await this.server.say('INFO', 'memory'))
    const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? Number.NaN)
    return field('used_memory') - field('mem_clients_normal') - field('mem_aof_buffer')
  }

  async empty(): Promise<void> {
    await this.server.empty()
  }

  /** All keys, by name. */
  async keys(): Promise<string[]> {
    const all: string[] = []
    for (let cursor = '0', isOver = false; !isOver; isOver = cursor === '0') {
      const [next, some] = list(await this.connection.command('SCAN', cursor, 'COUNT', 1000))
      all.push(...list(some).map((key) => text(key)))
      cursor = text(next)
    }
    return all.sort()
  }

  async remove(): Promise<void> {
    this.connection.close()
    await this.server.remove()
  }
}
