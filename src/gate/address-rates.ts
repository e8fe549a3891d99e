/**
 * Rate limits per address: a token bucket for each, deleted when it is full again. `quotas.ts` has one for handshakes and
 * one for reads.
 */
import type { Clock } from '../clock.ts'
import { Bucket, type Rate } from '../token-bucket.ts'
import { addressKey } from './address.ts'

const SWEEP_MS = 10_000

export class AddressRates {
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()
  /** The current rate; a reload may change it. */
  readonly #rate: () => Rate

  constructor(clock: Clock, rate: () => Rate) {
    this.#clock = clock
    this.#rate = rate
    clock.every(SWEEP_MS, () => this.#sweep())
  }

  /** Takes `cost` tokens. Returns 0 if they were taken, else the seconds until they are available. */
  take(address: string, cost: number): number {
    const bucket = this.#of(address)
    const rate = this.#rate()
    if (bucket.take(rate, this.#clock.monotonic(), cost)) return 0
    return Math.max(1, Math.ceil(bucket.waitMs(rate, cost) / 1000))
  }

  /** Takes `cost` tokens even if the bucket goes into debt; later takes wait for it. */
  draw(address: string, cost: number): void {
    this.#of(address).draw(this.#rate(), this.#clock.monotonic(), cost)
  }

  #of(address: string): Bucket {
    const key = addressKey(address)
    const known = this.#buckets.get(key)
    if (known) return known
    const bucket = new Bucket(this.#rate(), this.#clock.monotonic())
    this.#buckets.set(key, bucket)
    return bucket
  }

  #sweep(): void {
    const now = this.#clock.monotonic()
    for (const [key, bucket] of this.#buckets) if (bucket.isFull(this.#rate(), now)) this.#buckets.delete(key)
  }
}
