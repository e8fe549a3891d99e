/**
 * The client's position in the room's log: which event comes next, which was seen, which are missing. Epoch and seq are
 * one value and change together, so that a seq is never used with another epoch. Used by `client.ts` for each event.
 */
import type { Reset } from './types.ts'

export interface WelcomeData {
  you: { id: string; name: string }
  epoch: string
  first: number
  seq: number
  /** The server's clock (ms since 1970). */
  time?: number
  /** When our token ends, by the server's clock (ms since 1970). */
  until?: number
  resumed?: boolean
  reason?: string
}

export class Cursor {
  #at: { readonly epoch: string; readonly seq: number } | undefined
  /** After a welcome without resume, or a reset, the next event may have any seq up to `#newest + 1`. */
  #newest: number | undefined
  #first = 0

  /** `offset`: `<epoch>_<seq, 16 digits>`; anything else throws a `TypeError`. */
  constructor(offset?: string) {
    if (offset === undefined) return
    const [, epoch = '', seq] = /^(.+)_(\d{16})$/.exec(offset) ?? []
    if (!epoch) throw new TypeError(`expected an offset "<epoch>_<seq, 16 digits>", got "${offset}"`)
    this.#at = { epoch, seq: Number(seq) }
  }

  get epoch(): string | undefined {
    return this.#at?.epoch
  }

  get offset(): string | undefined {
    return this.#at && `${this.#at.epoch}_${String(this.#at.seq).padStart(16, '0')}`
  }

  /**
   * Applies a welcome. Returns a `reset` for the application if events are missing. `isFurther`: the connection had one
   * before, so what follows continues what it has received, and a replay that has not begun is still to come.
   */
  welcome({ epoch, first, seq, resumed, reason = 'epoch' }: WelcomeData, isFurther: boolean): Reset | undefined {
    const before = this.#at
    this.#first = first
    if (before && resumed) {
      this.#at = { epoch, seq: before.seq }
      if (!isFurther) this.#newest = undefined
      return
    }
    // A newcomer to whom nothing was replayed yet is a newcomer again, and misses nothing.
    const isNewcomer = isFurther && this.#newest !== undefined && resumed === undefined
    this.#at = { epoch, seq }
    this.#newest = seq
    return before && !isNewcomer ? this.missed(reason) : undefined
  }

  /** Moves to an event's seq, unless it was `seen` before or events are missing before it (`gap`). */
  advance(seq: number): 'next' | 'seen' | 'gap' {
    if (!this.#at || seq > (this.#newest ?? this.#at.seq) + 1) return 'gap'
    if (this.#newest === undefined && seq <= this.#at.seq) return 'seen'
    this.#newest = undefined
    this.#at = { epoch: this.#at.epoch, seq }
    return 'next'
  }

  /** The log lost events. We may not have seen all of those it still has, so the position only moves backwards. */
  reset({ epoch, first, seq }: Reset['data']): void {
    this.#first = first
    this.#newest = seq
    this.#at = { epoch, seq: Math.min(seq, this.#at?.seq ?? seq) }
  }

  /** Makes the `reset` that reports missing events at this position. */
  missed(reason: string): Reset {
    const { epoch, seq } = this.#at ?? { epoch: '', seq: 0 }
    return { type: 'reset', data: { reason, epoch, first: this.#first, seq } }
  }
}
