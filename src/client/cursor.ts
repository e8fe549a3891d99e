/**
 * Where a client stands in the room's log: which event comes next, which it has seen, which are missing. Epoch and seq
 * are one value, replaced as a whole, so that an epoch never meets another's seq. Asked by `client.ts` for each event.
 */
import type { Reset } from './types.ts'

export interface Welcome {
  you: { id: string; name: string }
  epoch: string
  first: number
  seq: number
  /** The server's (ms since 1970). */
  time?: number
  resumed?: boolean
  reason?: string
}

export class Cursor {
  #at: { readonly epoch: string; readonly seq: number } | undefined
  /** After a newcomer's welcome or a reset the next event may be any up to the one after this. */
  #newest: number | undefined
  #first = 0

  /** `offset`: `<epoch>_<seq, 16 digits>`. */
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

  /** Takes a welcome. Returns what the application must be told: that events are missing. */
  welcome({ epoch, first, seq, resumed, reason = 'epoch' }: Welcome): Reset | undefined {
    const before = this.#at
    this.#first = first
    if (before && resumed) {
      this.#at = { epoch, seq: before.seq }
      this.#newest = undefined
      return
    }
    this.#at = { epoch, seq }
    this.#newest = seq
    return before && this.missed(reason)
  }

  /** Takes an event's place in the log, unless it was `seen` or there is a `gap` before it. */
  advance(seq: number): 'next' | 'seen' | 'gap' {
    if (!this.#at || seq > (this.#newest ?? this.#at.seq) + 1) return 'gap'
    if (this.#newest === undefined && seq <= this.#at.seq) return 'seen'
    this.#newest = undefined
    this.#at = { epoch: this.#at.epoch, seq }
    return 'next'
  }

  /** The log lost events. Of those it still has we may not have seen all, so to resume we move backwards only. */
  reset({ epoch, first, seq }: Reset['data']): void {
    this.#first = first
    this.#newest = seq
    this.#at = { epoch, seq: Math.min(seq, this.#at?.seq ?? seq) }
  }

  /** The notice that events are missing here. */
  missed(reason: string): Reset {
    const { epoch, seq } = this.#at ?? { epoch: '', seq: 0 }
    return { type: 'reset', data: { reason, epoch, first: this.#first, seq } }
  }
}
