/**
 * A real Redis and a model of it, to which the same is done: each call goes to both, and both must answer the same. The
 * scripts are those of the log; only where they ask for the time do they read a key instead, which the test sets.
 */
import { expect } from 'vitest'
import { parseAddress } from '../../src/log/redis/address.ts'
import { RedisConnection } from '../../src/log/redis/connection.ts'
import type { Argument, RedisCalls, Reply } from '../../src/log/redis/redis-calls.ts'
import { readInfo, SECTIONS, SETTINGS } from '../../src/log/redis/redis-info.ts'
import type { Script } from '../../src/log/redis/scripts/script.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { patiently } from '../support/patience.ts'
import { RedisServer } from '../support/redis.ts'
import { ModelClient } from '../support/redis-model/model-client.ts'
import { ModelHost } from '../support/redis-model/model-host.ts'
import { RedisModel } from '../support/redis-model/redis-model.ts'
import { FAULTS, type Fault, until } from './faults.ts'
import { stateOf, texts } from './kept-state.ts'

export const CLOCK_KEY = 'test:clock'
/** Hashes are answered in the order in which they were filled, as the model does it, however large they are. */
const REAL = {
  appendfsync: 'no',
  'hash-max-listpack-entries': '100000',
  'hash-max-listpack-value': '1000000',
  'busy-reply-threshold': '1',
  // A slow load answers often.
  'loading-process-events-interval-bytes': '1024',
  rdbcompression: 'no',
}

export class Twins {
  readonly redis: RedisServer
  readonly host: ModelHost
  readonly #real: RedisConnection
  readonly #model: ModelClient
  readonly #scripts = new Map<Script, Script>()
  /** What scripts answered: name and first word, or the code of an error. */
  readonly seen = new Set<string>()
  /** What was done last, for the message of a failure. */
  readonly #trace: string[] = []

  private constructor(redis: RedisServer, real: RedisConnection, host: ModelHost, model: ModelClient) {
    this.redis = redis
    this.#real = real
    this.host = host
    this.#model = model
  }

  static async start(command: string): Promise<Twins> {
    const redis = await RedisServer.start(command, REAL)
    const ready = Promise.withResolvers<void>()
    const real = new RedisConnection({
      address: parseAddress(redis.url),
      ready: ready.resolve,
      away: () => {},
      failed: () => {},
    })
    await patiently(ready.promise, 'a connection')
    let runId = await runIdOf(redis)
    const clock = handClock()
    const host = new ModelHost(
      new RedisModel({ clock, newRunId: () => runId, history: 100_000, config: { appendfsync: 'no' } }),
    )
    const twins = new Twins(redis, real, host, new ModelClient(clock, host))
    twins.#learnRunId = async () => {
      runId = await runIdOf(redis)
    }
    return twins
  }

  /** Both run it; returns what both answered. */
  async run(script: Script, key: string, args: readonly Argument[]): Promise<Answered> {
    const known = this.#scripts.get(script) ?? untimed(script)
    this.#scripts.set(script, known)
    const both = await this.#both(`${script.name} ${show([key, ...args])}`, (calls) => calls.run(known, key, args))
    const word = 'error' in both ? both.error : Array.isArray(both.reply) ? both.reply[0] : both.reply
    this.seen.add(`${script.name} ${/^\w*/.exec(String(word))?.[0]}`)
    return both
  }

  command(name: string, key: string, ...args: Argument[]): Promise<Answered> {
    return this.#both(show([name, key, ...args]), (calls) => calls.command(name, key, ...args))
  }

  /** One of both is asked for what it keeps. */
  async expectSameState(): Promise<void> {
    const [real, model] = [await stateOf(this.#real), await stateOf(this.#model)]
    expect(model, `the state after\n${this.#trace.join('\n')}`).toEqual(real)
  }

  /** Both say the same of themselves, as the log reads it. */
  async expectSameFacts(): Promise<void> {
    const [real, model] = await Promise.all([factsOf(this.#real), factsOf(this.#model)])
    expect(model).toEqual(real)
  }

  /** The time that scripts see, ms since 1970. */
  async setClock(ms: number): Promise<void> {
    await this.command('HSET', CLOCK_KEY, 's', Math.floor(ms / 1000), 'u', (ms % 1000) * 1000 + 7)
  }

  /** Both are killed and started; with the files and the state of `saved`, if it is given. */
  async restart(saved?: number): Promise<void> {
    this.#note(`restart ${saved ?? ''}`)
    await this.redis.kill()
    if (saved !== undefined) this.redis.putFilesBack()
    await this.redis.restart()
    await this.#learnRunId()
    this.host.restart(saved)
    await this.#isBack()
  }

  /** To be lost by a restart. */
  save(): number {
    this.#note('save')
    this.redis.saveFiles()
    return this.host.model.position
  }

  async forgetScripts(): Promise<void> {
    this.#note('SCRIPT FLUSH')
    await this.redis.say('SCRIPT', 'FLUSH')
    this.host.model.forgetScripts()
  }

  async withFault(fault: Fault, work: () => Promise<void>): Promise<void> {
    this.#note(`begin ${fault}`)
    const { begin, end } = FAULTS[fault]
    await begin(this.redis, this.host.model.faults)
    try {
      await work()
    } finally {
      await end(this.redis, this.host.model.faults)
      this.#note(`end ${fault}`)
    }
  }

  /** One of both is changed, and the other must be changed as well. */
  each(real: (redis: RedisServer) => Promise<unknown>, model: (model: RedisModel) => unknown): Promise<unknown> {
    this.#note('each')
    model(this.host.model)
    return real(this.redis)
  }

  async end(): Promise<void> {
    this.#real.close()
    await this.redis.remove()
  }

  #learnRunId: () => Promise<void> = async () => {}

  async #both(what: string, call: (calls: RedisCalls) => Promise<Reply>): Promise<Answered> {
    this.#note(what)
    const [real, model] = [await answered(call(this.#real)), await answered(call(this.#model))]
    expect(model, `the answer to the last of\n${this.#trace.join('\n')}`).toEqual(real)
    return model
  }

  #note(what: string): void {
    this.#trace.push(what.slice(0, 2000))
    if (this.#trace.length > 8) this.#trace.shift()
  }

  async #isBack(): Promise<void> {
    await until(async () => this.#real.isReady, 'the connection')
  }
}

export type Answered = { readonly reply: unknown } | { readonly error: string }

/** The code of an error, and its text where the model has the same: Lua's own errors name places in the script. */
async function answered(reply: Promise<Reply>): Promise<Answered> {
  try {
    return { reply: texts(await reply) }
  } catch (error) {
    const text = (error instanceof Error ? error.message : String(error)).replace(/ script: .*$/s, '')
    return { error: /^ERR (user_script:|Error compiling script)/.test(text) ? 'ERR, by Lua' : text }
  }
}

/** What the log reads of `INFO` and `CONFIG GET`; the bytes in use are measured by a real one alone. */
async function factsOf(connection: Pick<RedisConnection, 'masters'>): Promise<unknown> {
  const [say] = connection.masters()
  if (!say) throw new Error('expected a connection to a master')
  const [info, config] = [await say('INFO', SECTIONS), await say('CONFIG', ['GET', ...SETTINGS])]
  return { ...readInfo(info, config), usedBytes: undefined }
}

function untimed({ name, text }: Script): Script {
  const read = `redis.call('HMGET', '${CLOCK_KEY}', 's', 'u')`
  return { name, text: text.replaceAll("redis.call('TIME')", read) }
}

function show(args: readonly Argument[]): string {
  const texts = args.map((arg) => (arg instanceof Uint8Array ? Buffer.from(arg).toString('latin1') : String(arg)))
  return texts.map((text) => JSON.stringify(text.slice(0, 60))).join(' ')
}

async function runIdOf(redis: RedisServer): Promise<string> {
  return /run_id:(\w+)/.exec(String(await redis.say('INFO', 'server')))?.[1] ?? ''
}
