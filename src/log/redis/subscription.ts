/**
 * A connection that hears channels, beside that of the calls: Redis takes no other calls on it. It does not come back by
 * itself: what it missed is gone anyway, and who hears it looks each second. `connection.ts` makes it.
 */
import type { Redis } from 'ioredis'
import type { Subscription } from './redis-calls.ts'

export interface SubscriptionParts {
  /** A new connection, to the master or any node of a Cluster; `undefined`: none is known now. */
  readonly connect: () => Redis | undefined
  readonly channels: readonly string[]
  readonly heard: (channel: string, text: string) => void
}

export class RedisSubscription implements Subscription {
  readonly #parts: SubscriptionParts
  #client: Redis | undefined
  #hasEnded = false

  constructor(parts: SubscriptionParts) {
    this.#parts = parts
    this.revive()
  }

  revive(): void {
    if (this.#client?.status === 'end') this.#client = undefined
    if (this.#hasEnded || this.#client) return
    const { connect, channels, heard } = this.#parts
    const client = connect()
    if (!client) return
    this.#client = client
    // What is wrong with Redis is known from the calls.
    client.on('error', () => {})
    client.on('message', (channel: string, text: string) => {
      if (this.#client === client) heard(channel, text)
    })
    client.on('ready', () => {
      client.subscribe(...channels).catch(() => {})
    })
  }

  renew(): void {
    this.#drop()
    this.revive()
  }

  end(): void {
    this.#hasEnded = true
    this.#drop()
  }

  #drop(): void {
    this.#client?.disconnect()
    this.#client = undefined
  }
}
