/**
 * The connection to a Redis, its Sentinels' master, or a Cluster, by ioredis. Nothing is queued while it is away and
 * nothing is sent twice: a call whose answer did not come is rejected when the connection ends. The connection comes
 * back by itself.
 */
import { createHash } from 'node:crypto'
import { Cluster, Redis } from 'ioredis'
import type { RedisAddress } from './address.ts'
import { clusterOptions, redisOptions } from './options.ts'
import { type Argument, type RedisCalls, RedisRefusal, type Reply } from './redis-calls.ts'
import type { Script } from './scripts/script.ts'

export interface ConnectionParts {
  readonly address: RedisAddress
  /** It takes calls: at first, and each time it is back. */
  readonly ready: () => void
  /** A try to connect failed, or the connection has ended. */
  readonly failed: (error: Error) => void
}

export class RedisConnection implements RedisCalls {
  readonly #client: Redis | Cluster
  readonly #digests = new Map<string, string>()

  constructor({ address, ready, failed }: ConnectionParts) {
    this.#client =
      address.kind === 'cluster'
        ? new Cluster([...address.at], clusterOptions(address))
        : new Redis(redisOptions(address))
    this.#client.on('ready', ready)
    this.#client.on('error', failed)
  }

  /** Whether it takes calls now. */
  get isReady(): boolean {
    return this.#client.status === 'ready'
  }

  async run(script: Script, key: string, args: readonly Argument[]): Promise<Reply> {
    try {
      return await this.#say(this.#client, 'EVALSHA', this.#digest(script), 1, key, ...args)
    } catch (error) {
      // Redis does not know the text, after a restart for example: nothing ran.
      if (!(error instanceof RedisRefusal) || error.code !== 'NOSCRIPT') throw error
      return this.#say(this.#client, 'EVAL', script.text, 1, key, ...args)
    }
  }

  command(name: string, key: string, ...args: Argument[]): Promise<Reply> {
    return this.#say(this.#client, name, key, ...args)
  }

  /** A command without a key, to each master: one, or those of a Cluster. */
  ask(name: string, ...args: Argument[]): Promise<Reply[]> {
    const nodes = this.#client instanceof Cluster ? this.#client.nodes('master') : [this.#client]
    return Promise.all(nodes.map((node) => this.#say(node, name, ...args)))
  }

  close(): void {
    this.#client.disconnect()
  }

  /** `name` in capitals: ioredis gives some commands in small letters another form of reply. */
  async #say(client: Redis | Cluster, name: string, ...args: Argument[]): Promise<Reply> {
    try {
      // In RESP2 a reply as buffers is nothing else.
      return (await client.callBuffer(name.toUpperCase(), ...args.map(toSend))) as Reply
    } catch (error) {
      throw error instanceof Error && error.name === 'ReplyError' ? new RedisRefusal(error.message) : error
    }
  }

  #digest({ text }: Script): string {
    const known = this.#digests.get(text) ?? createHash('sha1').update(text).digest('hex')
    this.#digests.set(text, known)
    return known
  }
}

/** ioredis knows bytes only as a Buffer. */
function toSend(argument: Argument): string | number | Buffer {
  if (!(argument instanceof Uint8Array) || argument instanceof Buffer) return argument
  return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength)
}
