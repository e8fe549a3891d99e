/**
 * A node's connection to the model of Redis: in place of `connection.ts` of the log, with its ways: nothing is queued or
 * sent twice, it connects again by itself, and one that is silent for too long is destroyed. Answers arrive in the node's
 * own loop, so a frozen node hears them late and a dead one never.
 */
import type { Argument, RedisCalls, Reply, Subscription } from '../../src/log/redis/redis-calls.ts'
import type { Script } from '../../src/log/redis/scripts/script.ts'
import type { Dice } from '../support/random.ts'
import type { Pace } from '../support/redis-model/connection.ts'
import { ModelClient } from '../support/redis-model/model-client.ts'
import type { ModelHost } from '../support/redis-model/model-host.ts'
import { ModelSubscription } from '../support/redis-model/model-subscription.ts'
import type { NodeClock } from './node-clock.ts'
import type { MachineLine, RedisMachine } from './redis-machine.ts'

/** Between two tries to connect. */
const RETRY_MS = { least: 50, more: 450 }
/** A connection on which nothing comes for so long, though something was asked, is destroyed. */
const SILENT_MS = 10_000

const AWAY = new Error('Redis is not connected')

export interface LineEvents {
  readonly ready: () => void
  readonly away: () => void
}

export class RedisLine implements RedisCalls, MachineLine {
  events: LineEvents = { ready: () => {}, away: () => {} }
  host: ModelHost
  /** Not there unless Redis has a replica. */
  readonly runReplicated?: NonNullable<RedisCalls['runReplicated']>
  readonly #machine: RedisMachine
  readonly #clock: NodeClock
  readonly #dice: Dice
  readonly #client: ModelClient
  /** Its network to Redis is down until then: nothing comes or goes. */
  #silentUntilMs = 0
  #isReady = false
  #askedMs: number | undefined
  #waiting = 0
  readonly #subscriptions: ModelSubscription[] = []

  constructor(machine: RedisMachine, clock: NodeClock, dice: Dice) {
    this.#machine = machine
    this.#clock = clock
    this.#dice = dice
    this.host = machine.host
    const client = new ModelClient(machine.network, machine.host, { hasReplicas: machine.hasReplica })
    this.#client = client
    const { runReplicated } = client
    if (runReplicated)
      this.runReplicated = (script, key, args) => this.#ask(() => runReplicated(machine.altered(script), key, args))
    this.#client.pacing = () => this.#pace()
    this.#client.wrote = (script, answer) => machine.ran(script, answer)
    machine.lines.add(this)
    this.#connectSoon()
    clock.every(1000, () => this.#mustNotBeSilent())
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** What is said to this node through Redis comes at once, and so does what it says. */
  get hears(): boolean {
    const { slowness, model } = this.#machine
    const { isLoading, isBusy } = model.faults
    const isWell = this.#isReady && this.#isReachable && slowness === 0 && !isLoading && !isBusy
    return isWell && this.#subscriptions.every(({ isConnected }) => isConnected)
  }

  revive(): void {}

  trustReplicas(): void {
    this.#client.trustReplicas()
  }

  run(script: Script, key: string, args: readonly Argument[]): Promise<Reply> {
    const asked = this.#ask(() => this.#client.run(this.#machine.altered(script), key, args))
    const forged = this.#machine.forged(script)
    if (forged === undefined) return asked
    asked.catch(() => {})
    return Promise.resolve(forged)
  }

  command(name: string, key: string, ...args: Argument[]): Promise<Reply> {
    return this.#ask(() => this.#client.command(name, key, ...args))
  }

  masters(): ((name: string, args: readonly Argument[]) => Promise<Reply>)[] {
    return [(name, args) => this.#ask(() => this.#client.masters()[0]?.(name, args) ?? Promise.reject(AWAY))]
  }

  subscribe(channels: readonly string[], heard: (channel: string, text: string) => void): Subscription {
    const subscription = new ModelSubscription({
      clock: this.#machine.network,
      host: () => (this.#isReachable ? this.host : undefined),
      channels,
      heard: (channel, text) => this.#clock.arrives(() => heard(channel, text), 'redis says'),
      delayMs: () => Number(this.#pace().callMs),
    })
    this.#subscriptions.push(subscription)
    return subscription
  }

  /** The connection dies. What was sent on it may still arrive. */
  cut(): void {
    this.#client.cut()
    this.died()
  }

  /**
   * This node alone does not reach Redis for so long. `isTold`: its connection ends at once; else what is said waits, as it
   * does on a network that drops all.
   */
  cutOff(ms: number, isTold: boolean): void {
    this.#silentUntilMs = Math.max(this.#silentUntilMs, this.#machine.network.monotonic() + ms)
    if (isTold) this.cut()
  }

  /** It reaches Redis from now on. */
  heal(): void {
    if (this.#silentUntilMs > this.#machine.network.monotonic()) this.cut()
    this.#silentUntilMs = 0
  }

  /** Its Redis is another one from now on. */
  moveTo(host: ModelHost): void {
    this.host = host
    this.#client.moveTo(host)
    this.died()
  }

  /** The machine has ended the connection. */
  died(): void {
    for (const subscription of this.#subscriptions) subscription.cut()
    if (!this.#isReady) return
    this.#isReady = false
    this.#askedMs = undefined
    this.#clock.arrives(() => this.events.away(), 'redis away')
    this.#connectSoon()
  }

  /** Its node has died. */
  end(): void {
    this.#client.cut()
    for (const subscription of this.#subscriptions) subscription.end()
    this.#isReady = false
    this.#machine.lines.delete(this)
  }

  #ask<R>(say: () => Promise<R>): Promise<R> {
    if (!this.#isReady) return Promise.reject(AWAY)
    this.#askedMs ??= this.#clock.monotonic()
    this.#waiting += 1
    return new Promise((resolve, reject) => {
      const arrived = (settle: () => void) => {
        this.#waiting -= 1
        this.#askedMs = this.#waiting > 0 ? this.#clock.monotonic() : undefined
        this.#clock.arrives(settle, 'redis answer')
      }
      say().then(
        (reply) => arrived(() => resolve(reply)),
        (error) => arrived(() => reject(error)),
      )
    })
  }

  #connectSoon(): void {
    this.#clock.after(RETRY_MS.least + this.#dice.below(RETRY_MS.more), () => {
      if (!this.#isReachable) {
        this.events.away()
        this.#connectSoon()
        return
      }
      this.#isReady = true
      this.events.ready()
    })
  }

  get #isReachable(): boolean {
    return this.#machine.answers(this.host) && this.#silentUntilMs <= this.#machine.network.monotonic()
  }

  #mustNotBeSilent(): void {
    const sinceMs = this.#askedMs
    if (this.#isReady && sinceMs !== undefined && this.#clock.monotonic() - sinceMs > SILENT_MS) this.cut()
  }

  #pace(): Pace {
    const { slowness, network } = this.#machine
    const silentMs = Math.max(0, this.#silentUntilMs - network.monotonic())
    const ms = () => {
      const usual = 0.05 + this.#dice.next()
      return slowness > 0 && this.#dice.oneIn(4) ? usual + this.#dice.next() * slowness : usual
    }
    return { callMs: silentMs + ms(), answerMs: ms() }
  }
}
