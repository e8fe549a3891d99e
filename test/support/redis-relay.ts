/**
 * A network between a client and a Redis that a test makes bad: it cuts connections, is slow, loses answers to calls that
 * ran, and lets calls arrive after their connection has died.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

interface Link {
  readonly near: Socket
  readonly far: Socket
  /** What the client has sent and Redis has not been given. */
  readonly held: Buffer[]
  /** Answers that come later, and when the last of them does. */
  slow: number
  dueMs: number
}

export class RedisRelay {
  /** Each answer comes so much later, in ms, and none before those that came before it. */
  slowMs = 0
  readonly #links = new Set<Link>()
  readonly #server = createServer((near) => this.#join(near))
  readonly #port: number
  #isUnplugged = false
  #holdsCalls = false
  #losesAnswers = false

  private constructor(port: number) {
    this.#port = port
  }

  /** `port`: of the Redis, on this machine. */
  static async to(port: number): Promise<RedisRelay> {
    const relay = new RedisRelay(port)
    relay.#server.listen(0, '127.0.0.1')
    await once(relay.#server, 'listening')
    return relay
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** What a client connects to instead of the Redis. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Pieces that wait here. */
  get held(): number {
    return [...this.#links].reduce((sum, { held }) => sum + held.length, 0)
  }

  /** Resets the client's ends; what it has sent may still arrive. */
  cut(): void {
    for (const { near } of this.#links) near.resetAndDestroy()
  }

  /** Nobody gets through until `plug`. */
  unplug(): void {
    this.#isUnplugged = true
    this.cut()
  }

  plug(): void {
    this.#isUnplugged = false
  }

  /** From now on calls wait here, also those of connections that die; `passCalls` lets them arrive. */
  holdCalls(): void {
    this.#holdsCalls = true
  }

  passCalls(): void {
    this.#holdsCalls = false
    for (const { near, far, held } of this.#links) {
      for (const bytes of held.splice(0)) far.write(bytes)
      if (near.destroyed) far.end()
    }
  }

  /** From now on calls run and their answers are lost; cut then, or the client waits for them. */
  loseAnswers(): void {
    this.#losesAnswers = true
  }

  passAnswers(): void {
    this.#losesAnswers = false
  }

  async close(): Promise<void> {
    this.#isUnplugged = true
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const { near, far } of this.#links) {
      near.destroy()
      far.destroy()
    }
    await closed
  }

  #join(near: Socket): void {
    if (this.#isUnplugged) {
      near.resetAndDestroy()
      return
    }
    const link: Link = { near, far: connect(this.#port, '127.0.0.1'), held: [], slow: 0, dueMs: 0 }
    const { far, held } = link
    this.#links.add(link)
    near.on('data', (bytes: Buffer) => {
      if (this.#holdsCalls) held.push(bytes)
      else far.write(bytes)
    })
    far.on('data', (bytes) => {
      if (this.#losesAnswers || near.destroyed) return
      if (this.slowMs === 0 && link.slow === 0) {
        near.write(bytes)
        return
      }
      link.slow += 1
      link.dueMs = Math.max(link.dueMs, performance.now() + this.slowMs)
      setTimeout(() => {
        link.slow -= 1
        near.write(bytes)
      }, link.dueMs - performance.now())
    })
    near.on('error', () => {})
    far.on('error', () => {})
    near.on('close', () => {
      if (held.length === 0) far.end()
    })
    far.on('close', () => {
      this.#links.delete(link)
      near.resetAndDestroy()
    })
  }
}
