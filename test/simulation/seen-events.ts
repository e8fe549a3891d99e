/** The newest events that a client has seen of one log: they must be in it. */
import type { Broken, RoomLedger } from './room-ledger.ts'

/** So many are compared with the log. */
const MOST = 100

export class SeenEvents {
  readonly #events = new Map<number, string>()

  add(seq: number, content: string): void {
    this.#events.set(seq, content)
    if (this.#events.size > MOST) this.#events.delete(this.#events.keys().next().value ?? 0)
  }

  clear(): void {
    this.#events.clear()
  }

  /** `seq`: the newest. */
  check(seq: number, ledger: RoomLedger, broken: Broken): void {
    if (this.#events.size > 0 && seq > ledger.seq) broken(`saw up to ${seq}, kept is ${ledger.seq}`)
    for (const [at, content] of this.#events) {
      if (at < ledger.first || ledger.isRedacted(at) || content.startsWith('redacted ')) continue
      const kept = ledger.events.get(at)
      if (kept !== content) broken(`saw ${content} at ${at}, kept is ${kept}`)
    }
  }
}
