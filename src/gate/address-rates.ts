/**
 * How often each address may do something: a bucket for each, forgotten when it is full again. `quotas.ts` holds one of
 * these for handshakes and one for what is read.
 */
import type { Clock } from '../clock.ts'
import { Bucket, type Rate } from '../token-bucket.ts'
import { addressKey } from './address.ts'

const SWEEP_MS = 10_000

export class AddressRates {
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()
  /** The rate of now; a reload may change it. */
  readonly #rate: () => Rate

  constructor(clock: Clock, rate: () => Rate) {
    this.#clock = clock
    this.#rate = rate
    clock.every(SWEEP_MS, () => this.#sweep())
  }

  /** Takes `cost`. Returns the seconds until it can be had, where it cannot be now; 0: it was taken. */
  take(address: string, cost: number): number {
    const bucket = this.#of(address)
    const rate = this.#rate()
    if (bucket.take(rate, this.#clock.monotonic(), cost)) return 0
    return Math.max(1, Math.ceil(bucket.waitMs(rate, cost) / 1000))
  }

  /** Takes `cost` also where it is not there: what comes next waits for it. */
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
