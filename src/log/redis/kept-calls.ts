/**
 * The commits that Redis has answered, newest last, so that they can be said again if it loses them. Bounded for all rooms
 * together: the oldest go first. A commit that was voided stands there too, since it has a number, and so does the claim
 * (`claims.ts`) with which an opening began.
 */
import type { Said } from './commit-call.ts'
import type { Position } from './position.ts'

export type KeptCall = Said & { readonly timeMs: number | 'void' | 'claim'; readonly bytes: number }

/** What a call needs beside its bytes. */
const OVERHEAD_BYTES = 500

/** The calls of one opening of a room, each continuing the one before. */
export class RoomCalls {
  readonly #all: KeptCalls
  readonly #calls: KeptCall[] = []
  bytes = 0
  isCleared = false

  /** `first`: with which the opening began, before any commit. */
  constructor(all: KeptCalls, first?: KeptCall) {
    this.#all = all
    if (first) this.add(first)
  }

  add(call: KeptCall): void {
    if (this.isCleared) return
    this.#calls.push(call)
    this.bytes += call.bytes + OVERHEAD_BYTES
    this.#all.added(this, call.bytes + OVERHEAD_BYTES)
  }

  /**
   * The calls that lead on from where Redis stands; `undefined`: not all of them are kept. `isVoid`: what stands there. It
   * may be a commit that was voided since, if Redis was given files of before that twice.
   */
  since({ epoch, number }: Position, isVoid: boolean): readonly KeptCall[] | undefined {
    const from = this.#calls.findIndex((call) => call.from.epoch === epoch && call.from.number === number)
    const before = this.#calls[from - 1]
    if (from < 0 || (before && (before.timeMs === 'void') !== isVoid)) return undefined
    return this.#calls.slice(from)
  }

  dropOldest(): void {
    const oldest = this.#calls.shift()
    if (oldest) this.bytes -= oldest.bytes + OVERHEAD_BYTES
  }

  /** The room has closed. */
  clear(): void {
    const count = this.#calls.length
    const { bytes } = this
    this.isCleared = true
    this.bytes = 0
    this.#calls.length = 0
    this.#all.removed(count, bytes)
  }
}

export class KeptCalls {
  readonly #mostBytes: number
  /** Whose call was added, the oldest first. */
  #order: RoomCalls[] = []
  #start = 0
  /** How many in the order are of rooms that have closed. */
  #gone = 0
  #bytes = 0

  constructor(mostBytes = 32 * 1024 * 1024) {
    this.#mostBytes = mostBytes
  }

  added(room: RoomCalls, bytes: number): void {
    this.#order.push(room)
    this.#bytes += bytes
    while (this.#bytes > this.#mostBytes && this.#start < this.#order.length) this.#dropOldest()
    this.#compact()
  }

  removed(calls: number, bytes: number): void {
    this.#gone += calls
    this.#bytes -= bytes
    this.#compact()
  }

  /** How long the order is: in proportion to the calls that are kept. */
  get length(): number {
    return this.#order.length
  }

  #compact(): void {
    const idle = this.#start + this.#gone
    if (idle <= 1024 || idle * 2 <= this.#order.length) return
    this.#order = this.#order.slice(this.#start).filter((room) => !room.isCleared)
    this.#start = 0
    this.#gone = 0
  }

  #dropOldest(): void {
    const room = this.#order[this.#start]
    this.#start += 1
    if (!room) return
    if (room.isCleared) this.#gone -= 1
    const before = room.bytes
    room.dropOldest()
    this.#bytes -= before - room.bytes
  }
}
