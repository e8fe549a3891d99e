/** Counts of latencies in logarithmic buckets of about 4 %, from 1 us to an hour. */
const PER_OCTAVE = 16
const OCTAVES = 32

export class Histogram {
  readonly #counts = new Uint32Array(PER_OCTAVE * OCTAVES)
  #total = 0
  #maxUs = 0

  /** Takes a latency in microseconds. */
  add(us: number): void {
    const at = us > 1 ? Math.floor(Math.log2(us) * PER_OCTAVE) : 0
    const bucket = Math.min(at, this.#counts.length - 1)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#total += 1
    if (us > this.#maxUs) this.#maxUs = us
  }

  reset(): void {
    this.#counts.fill(0)
    this.#total = 0
    this.#maxUs = 0
  }

  get maxMs(): number {
    return this.#maxUs / 1000
  }

  /** The latency in ms under which the share `q` (0 to 1) of all lies; 0 where nothing was counted. */
  quantileMs(q: number): number {
    const rank = q * this.#total
    let seen = 0
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count
      if (count > 0 && seen >= rank) return Math.min(2 ** ((bucket + 0.5) / PER_OCTAVE) / 1000, this.maxMs)
    }
    return 0
  }
}
