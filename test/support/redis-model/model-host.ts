/** The machine of a model: its process can be down or frozen, and its connections end with it. */
import type { Clock } from '../../../src/clock.ts'
import { Connection } from './connection.ts'
import type { RedisModel } from './redis-model.ts'

export class ModelHost {
  readonly model: RedisModel
  /** What ends each connection that hears. */
  readonly subscriptions = new Set<() => void>()
  readonly #connections = new Set<Connection>()
  /** What arrived while it is frozen. */
  readonly #waiting: (() => void)[] = []
  #isUp = true
  #isFrozen = false

  constructor(model: RedisModel) {
    this.model = model
  }

  get isUp(): boolean {
    return this.#isUp
  }

  connect(clock: Clock): Connection {
    const connection = new Connection(clock, this)
    for (const old of this.#connections) if (old.isDead && old.sent.length === 0) this.#connections.delete(old)
    this.#connections.add(connection)
    return connection
  }

  receive(run: () => void): void {
    if (this.#isFrozen) this.#waiting.push(run)
    else run()
  }

  /** It takes connections and calls, and does nothing until `thaw`. */
  freeze(): void {
    this.#isFrozen = true
  }

  thaw(): void {
    this.#isFrozen = false
    for (const run of this.#waiting.splice(0)) run()
  }

  /** `kill -9`. What was on its way is gone. */
  kill(): void {
    this.#isUp = false
    this.#isFrozen = false
    this.#waiting.length = 0
    for (const connection of this.#connections) connection.drop()
    this.#connections.clear()
    for (const end of [...this.subscriptions]) end()
  }

  /** Starts after `kill`, with the state after so many writes; default: with all. */
  start(position = this.model.position): void {
    this.model.restart(position)
    this.#isUp = true
  }

  restart(position?: number): void {
    this.kill()
    this.start(position)
  }
}
