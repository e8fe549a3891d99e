/**
 * The connection to a Redis, its Sentinels' master, or a Cluster, by ioredis. Nothing is queued while it is away and
 * nothing is sent twice: a call whose answer did not come is rejected when the connection ends. The connection comes
 * back by itself. What is said in one turn of the event loop leaves in one write.
 */
import { createHash } from 'node:crypto'
import { Cluster, Command, Redis } from 'ioredis'
import { errorOf } from '../../thrown.ts'
import type { RedisAddress } from './address.ts'
import { clusterOptions, once, redisOptions } from './options.ts'
import {
  type Argument,
  type RedisCalls,
  RedisRefusal,
  type Replicated,
  type Reply,
  type Subscription,
} from './redis-calls.ts'
import type { Script } from './scripts/script.ts'
import { RedisSubscription } from './subscription.ts'

export interface ConnectionParts {
  readonly address: RedisAddress
  /** It takes calls: at first, and each time it is back. */
  readonly ready: () => void
  /** It takes no calls now. */
  readonly away: () => void
  /** A try to connect failed, or something is wrong with the connection. */
  readonly failed: (error: Error) => void
}

/** A commit waits so long for a replica; while it does, those after it wait too. */
const REPLICA_MS = 100

type Say = (name: string, args: readonly Argument[]) => Promise<Reply>

export class RedisConnection implements RedisCalls {
  readonly #client: Redis | Cluster
  readonly #digests = new Map<string, string>()
  /** Replicas were too slow: nobody waits for one until `trustReplicas`. */
  #isLagging = false
  #isClosed = false
  /** The streams whose bytes are held back until the end of this turn. */
  readonly #corked = new Set<Redis['stream']>()

  readonly #address: RedisAddress
  readonly #subscriptions = new Set<RedisSubscription>()

  constructor({ address, ready, away, failed }: ConnectionParts) {
    this.#address = address
    const client =
      address.kind === 'cluster'
        ? new Cluster([...address.at], clusterOptions(address))
        : new Redis(redisOptions(address))
    this.#client = client
    client.on('ready', ready)
    client.on('close', away)
    client.on('sentinelError', failed)
    client.on('error', (error: Error & { lastNodeError?: Error; command?: { name: string } }) => {
      failed(error.lastNodeError ?? error)
      // ioredis would go on with database 0.
      if (error.command?.name === 'select') client.disconnect(true)
    })
  }

  /** Whether it takes calls now. */
  get isReady(): boolean {
    return this.#client.status === 'ready'
  }

  /** `undefined`: there is no connection now, or none by TCP. */
  get localAddress(): string | undefined {
    const [node] = this.#nodes
    const { stream } = node ?? {}
    return stream && 'localAddress' in stream ? stream.localAddress : undefined
  }

  async run(script: Script, key: string, args: readonly Argument[]): Promise<Reply> {
    this.#mustBeReady()
    return this.#run(this.#say(this.#client), script, key, args)
  }

  async command(name: string, key: string, ...args: Argument[]): Promise<Reply> {
    this.#mustBeReady()
    return this.#say(this.#client)(name, [key, ...args])
  }

  async runReplicated(script: Script, key: string, args: readonly Argument[]): Promise<Replicated> {
    this.#mustBeReady()
    const node = this.#isLagging ? undefined : this.#nodeOf(key)
    if (!node) return { reply: await this.run(script, key, args), isReplicated: false }
    const say = this.#say(node)
    let waiting: Promise<Reply> = Promise.resolve(0)
    // After the script, on the same connection: on another one it would not know what to wait for.
    const saying: Say = (name, more) => {
      const reply = say(name, more)
      waiting = say('WAIT', [1, REPLICA_MS]).catch(() => 0)
      return reply
    }
    try {
      const reply = await this.#run(saying, script, key, args)
      const isReplicated = Number(await waiting) > 0
      this.#isLagging ||= !isReplicated
      return { reply, isReplicated }
    } catch (error) {
      if (!(error instanceof RedisRefusal) || !['MOVED', 'ASK'].includes(error.code)) throw error
      // The Cluster has given the key to another node: nothing ran here.
      return { reply: await this.run(script, key, args), isReplicated: false }
    }
  }

  subscribe(channels: readonly string[], heard: (channel: string, text: string) => void): Subscription {
    const subscription = new RedisSubscription({ connect: () => this.#another(), channels, heard })
    this.#subscriptions.add(subscription)
    return subscription
  }

  /** ioredis gives up where a Sentinel reports a new master while it looks for one: then it begins anew. */
  revive(): void {
    if (this.#client.status === 'end' && !this.#isClosed) this.#client.connect().catch(() => {})
  }

  /** Replicas keep up again. */
  trustReplicas(): void {
    this.#isLagging = false
  }

  /** The masters that are known, for commands without a key. */
  masters(): Say[] {
    return this.#nodes.map((node) => this.#say(node))
  }

  close(): void {
    this.#isClosed = true
    for (const subscription of this.#subscriptions) subscription.end()
    this.#client.disconnect()
  }

  #mustBeReady(): void {
    if (!this.isReady) throw new Error('Redis is not connected')
  }

  async #run(say: Say, { text }: Script, key: string, args: readonly Argument[]): Promise<Reply> {
    try {
      return await say('EVALSHA', [this.#digest(text), 1, key, ...args])
    } catch (error) {
      // Redis does not know the text, after a restart for example: nothing ran.
      if (!(error instanceof RedisRefusal) || error.code !== 'NOSCRIPT') throw error
      return say('EVAL', [text, 1, key, ...args])
    }
  }

  /** Names are sent in capitals: ioredis gives replies another form for some that are not. */
  #say(client: Redis | Cluster): Say {
    return async (name, args) => {
      if (client instanceof Redis) this.#cork(client.stream)
      try {
        // With RESP2 and as buffers, a reply is nothing else. As a list: a call of a function takes fewer arguments.
        return (await client.callBuffer(name.toUpperCase(), args.map(toSend))) as Reply
      } catch (error) {
        throw failureOf(error)
      }
    }
  }

  /** A connection that is not made again when it ends. All nodes of a Cluster hear what is published. */
  #another(): Redis | undefined {
    if (this.#address.kind !== 'cluster') return new Redis(once(redisOptions(this.#address)))
    const { host, port, tls } = this.#nodes[0]?.options ?? {}
    if (host === undefined || port === undefined) return undefined
    return new Redis(once({ ...clusterOptions(this.#address).redisOptions, host, port, ...(tls ? { tls } : {}) }))
  }

  /** Half of the cost of a small call is its write. */
  #cork(stream: Redis['stream'] | undefined): void {
    if (!stream || this.#corked.has(stream)) return
    this.#corked.add(stream)
    stream.cork()
    process.nextTick(() => {
      this.#corked.delete(stream)
      stream.uncork()
    })
  }

  get #nodes(): Redis[] {
    return this.#client instanceof Cluster ? this.#client.nodes('master') : [this.#client]
  }

  /** The node that has a key; `undefined`: not known now. */
  #nodeOf(key: string): Redis | undefined {
    if (this.#client instanceof Redis) return this.#client
    const [name] = this.#client.slots[new Command('GET', [key]).getSlot()] ?? []
    return this.#nodes.find(({ options: { host, port } }) => `${host}:${port}` === name)
  }

  #digest(text: string): string {
    const known = this.#digests.get(text) ?? createHash('sha1').update(text).digest('hex')
    this.#digests.set(text, known)
    return known
  }
}

function failureOf(thrown: unknown): Error {
  const error = errorOf(thrown)
  if (error.name === 'ReplyError') return new RedisRefusal(error.message)
  // Its text is about a setting of ioredis.
  return error.name === 'MaxRetriesPerRequestError' ? new Error('the connection ended before Redis answered') : error
}

/** ioredis knows bytes only as a Buffer. */
function toSend(argument: Argument): string | number | Buffer {
  if (!(argument instanceof Uint8Array) || argument instanceof Buffer) return argument
  return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength)
}
