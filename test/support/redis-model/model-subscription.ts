/**
 * A connection that hears what is published in a model, as a client has one beside its other. What is on its way when it
 * dies is lost. It has no life of its own: `revive` begins it again.
 */
import type { Clock } from '../../../src/clock.ts'
import type { Subscription } from '../../../src/log/redis/redis-calls.ts'
import { toBytes } from './bytes.ts'
import type { Heard } from './channels.ts'
import type { ModelHost } from './model-host.ts'

export interface SubscriptionParts {
  readonly clock: Clock
  /** Where a new connection leads; `undefined`: none can be made now. */
  readonly host: () => ModelHost | undefined
  readonly channels: readonly string[]
  readonly heard: (channel: string, text: string) => void
  /** How long a message takes; asked for each. */
  readonly delayMs: () => number
}

export class ModelSubscription implements Subscription {
  readonly #parts: SubscriptionParts
  /** Ends the connection. */
  #cut: (() => void) | undefined

  constructor(parts: SubscriptionParts) {
    this.#parts = parts
    this.revive()
  }

  get isConnected(): boolean {
    return this.#cut !== undefined
  }

  revive(): void {
    if (!this.#cut) this.#connect()
  }

  renew(): void {
    this.cut()
    this.#connect()
  }

  end(): void {
    this.cut()
  }

  /** The connection dies. */
  cut(): void {
    this.#cut?.()
    this.#cut = undefined
  }

  #connect(): void {
    const { clock, host: where, channels, heard, delayMs } = this.#parts
    const host = where()
    if (!host) return
    let isOver = false
    let arrivesMs = 0
    const later: Heard = (channel, message) => {
      const arrive = () => {
        if (!isOver) heard(textOf(channel), textOf(message))
      }
      // Not before what was said earlier.
      arrivesMs = Math.max(arrivesMs, clock.monotonic() + delayMs())
      const ms = arrivesMs - clock.monotonic()
      if (ms > 0) clock.after(ms, arrive)
      else queueMicrotask(arrive)
    }
    const cut = () => {
      isOver = true
      host.subscriptions.delete(cut)
      host.model.channels.leave(later)
      if (this.#cut === cut) this.#cut = undefined
    }
    this.#cut = cut
    host.subscriptions.add(cut)
    host.receive(() => {
      if (!isOver) host.model.channels.hear(channels.map(toBytes), later)
    })
  }
}

function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString()
}
