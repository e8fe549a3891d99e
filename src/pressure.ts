/**
 * A bound on what waits for slow peers in the whole server: above it, those for whom most waits are cut first, and may
 * come back and resume. Each peer's own bound is kept at every write (`shard.ts`), which tells here who lags; this looks
 * once a second, and only at those.
 */
import type { Clock } from './clock.ts'
import type { Seat } from './seat.ts'

const LOOK_MS = 1000

export class Pressure {
  readonly #limitBytes: () => number
  /** Who had not taken everything when more was written, and how it is cut. */
  #lagging = new Map<Seat, () => void>()

  /** `limitBytes` is asked at each look, since a reload may change it. */
  constructor(clock: Clock, limitBytes: () => number) {
    this.#limitBytes = limitBytes
    clock.every(LOOK_MS, () => this.#look())
  }

  /** Something waits for this seat; `cut` ends it. */
  lags(seat: Seat, cut: () => void): void {
    this.#lagging.set(seat, cut)
  }

  #look(): void {
    const lagging = [...this.#lagging].filter(([seat]) => !seat.isGone && seat.wire.waiting > 0)
    this.#lagging = new Map(lagging)
    let total = lagging.reduce((sum, [{ wire }]) => sum + wire.waiting, 0)
    if (total <= this.#limitBytes()) return
    lagging.sort(([a], [b]) => b.wire.waiting - a.wire.waiting)
    for (const [seat, cut] of lagging) {
      total -= seat.wire.waiting
      cut()
      if (total <= this.#limitBytes()) return
    }
  }
}
