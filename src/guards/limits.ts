/**
 * Counts at the door: handshakes per address and second, peers per address, room and server. `gate.ts` asks before the
 * upgrade, and what was counted is given back when the peer is gone.
 */
import type { Clock } from '../clock.ts'
import type { Mount } from '../config.ts'
import { Refusal } from '../errors.ts'
import { addressKey } from './address.ts'
import { Bucket, type Rate } from './bucket.ts'

export interface ServerLimits {
  readonly peers: number
  readonly handshakes: Rate
}

const SWEEP_MS = 10_000

export class Limits {
  readonly #clock: Clock
  readonly #handshakes = new Map<string, Bucket>()
  readonly #perAddress = new Map<string, number>()
  #limits: ServerLimits
  #peers = 0

  constructor(clock: Clock, limits: ServerLimits) {
    this.#clock = clock
    this.#limits = limits
    clock.every(SWEEP_MS, () => this.#sweep())
  }

  /** All peers of the server. */
  get peers(): number {
    return this.#peers
  }

  /** From now on; what is counted stays counted. */
  set limits(limits: ServerLimits) {
    this.#limits = limits
  }

  /** Throws a `Refusal` 429 when this address shakes hands too often, 413 for what costs more than it ever has. */
  handshake(address: string, cost = 1): void {
    const { handshakes } = this.#limits
    if (cost > handshakes.burst) {
      const message = `this server takes ${handshakes.burst} messages of an address at once, got ${cost}`
      throw new Refusal(413, 'too_many_messages', message).by('server.limits.handshakes')
    }
    const now = this.#clock.monotonic()
    const key = addressKey(address)
    let bucket = this.#handshakes.get(key)
    if (!bucket) {
      bucket = new Bucket(handshakes, now)
      this.#handshakes.set(key, bucket)
    }
    if (bucket.take(handshakes, now, cost)) return
    const message = 'too many handshakes from your address'
    throw tooMany(message, Math.ceil(bucket.waitMs(handshakes, cost) / 1000)).by('server.limits.handshakes')
  }

  /** Counts a peer in. Returns what counts it out (a second call does nothing); throws a `Refusal` 429 or 503. */
  enter(mount: Mount, address: string): () => void {
    if (this.#peers >= this.#limits.peers) {
      const message = `this server takes ${this.#limits.peers} peers`
      throw new Refusal(503, 'server_full', message, { 'Retry-After': '30' }).by('server.limits.peers')
    }
    const key = `${addressKey(address)} ${mount.pattern}`
    const count = this.#perAddress.get(key) ?? 0
    if (count >= mount.limits.perAddress) {
      const message = `this room takes ${mount.limits.perAddress} peers from one address`
      throw tooMany(message, 10).by('limits.perAddress')
    }
    this.#perAddress.set(key, count + 1)
    this.#peers += 1
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      this.#peers -= 1
      const left = (this.#perAddress.get(key) ?? 1) - 1
      if (left > 0) this.#perAddress.set(key, left)
      else this.#perAddress.delete(key)
    }
  }

  /** Forgets the addresses whose bucket is full again. */
  #sweep(): void {
    const now = this.#clock.monotonic()
    for (const [key, bucket] of this.#handshakes) {
      if (bucket.isFull(this.#limits.handshakes, now)) this.#handshakes.delete(key)
    }
  }
}

function tooMany(message: string, afterSeconds: number): Refusal {
  return new Refusal(429, 'too_many', message, { 'Retry-After': String(Math.max(1, afterSeconds)) })
}
