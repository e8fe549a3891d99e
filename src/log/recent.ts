/**
 * The newest events of one log as ready frames, numbered without a hole. A queue in an array: trimming removes at the
 * front, appending adds at the end, and neither moves the rest.
 */
import type { Frame } from '../delivery/frame.ts'
import { fitting, PAGE } from '../delivery/page.ts'

export class Recent {
  #frames: (Frame | undefined)[] = []
  #start = 0
  #seq: number
  #size = 0

  /** `seq`: of the newest event before the first that will be pushed. */
  constructor(seq = 0) {
    this.#seq = seq
  }

  /** The newest event. */
  get seq(): number {
    return this.#seq
  }

  get length(): number {
    return this.#frames.length - this.#start
  }

  /** The oldest event here; `seq + 1` if there is none. */
  get first(): number {
    return this.#seq - this.length + 1
  }

  get #oldest(): Frame | undefined {
    return this.#frames[this.#start]
  }

  push(frame: Frame): void {
    this.#frames.push(frame)
    this.#size += frame.length
    this.#seq = frame.seq
  }

  at(seq: number): Frame | undefined {
    return seq < this.first ? undefined : this.#frames[this.#start + seq - this.first]
  }

  /** Puts a frame in the place of the one with its seq, if that is here. */
  replace(frame: Frame): void {
    const old = this.at(frame.seq)
    if (!old) return
    this.#size += frame.length - old.length
    this.#frames[this.#start + frame.seq - this.first] = frame
  }

  /** A page of at most `limit` frames after `seq`. */
  after(seq: number, limit: number, bytes: number = PAGE.bytes): Frame[] {
    if (seq >= this.#seq) return []
    const from = this.#start + Math.max(0, seq + 1 - this.first)
    return fitting(
      this.#frames.slice(from, from + limit).filter((frame) => frame !== undefined),
      ({ size }) => size,
      bytes,
    )
  }

  /**
   * Removes all but the newest `keep`, those older than `notBefore` (ms since 1970), and those beyond `size`
   * characters.
   */
  trim(keep: number, notBefore: number, size = Number.POSITIVE_INFINITY): void {
    for (let oldest = this.#oldest; oldest; oldest = this.#oldest) {
      if (this.length <= keep && oldest.time >= notBefore && this.#size <= size) break
      this.#size -= oldest.length
      this.#frames[this.#start] = undefined
      this.#start += 1
    }
    // Moving the rest once per half of the array keeps the cost of a push constant.
    if (this.#start > 64 && this.#start * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#start)
      this.#start = 0
    }
  }
}
