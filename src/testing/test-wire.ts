/**
 * A wire that ends in a test: what a room sends waits here until the test asks for it.
 */
// From the module, since a test framework puts its fake timers in the place of the global ones.
import { clearTimeout, setTimeout } from 'node:timers'
import type { Bytes, Encoding, Frame } from '../delivery/frame.ts'
import { payloadOf } from '../delivery/payload.ts'
import type { Wire } from '../delivery/wire.ts'
import type { CloseReason } from '../errors.ts'

/**
 * How long a test waits for something: so many looks. A process that a busy machine leaves standing is late for its next
 * look too, and does not lose patience meanwhile.
 */
const LOOKS = 20
const LOOK_MS = 50

/** A test sees the frames themselves. */
const encoding: Encoding = { name: 'test', encode: () => '', join: () => '' }

export class TestWire implements Wire {
  readonly encoding = encoding
  readonly waiting = 0
  closed: { code: number; reason: string } | undefined
  /** Is told of each frame as it comes. */
  onFrame: (frame: Frame) => void = () => {}
  #isLost = false
  readonly #errors: readonly unknown[]
  #received: Frame[] = []
  #wake: (() => void)[] = []

  /** `errors`: what the room logged, told where something does not come. */
  constructor(errors: readonly unknown[]) {
    this.#errors = errors
  }

  /** Another connection of the same peer, which hears on where this one was. */
  next(): TestWire {
    const next = new TestWire(this.#errors)
    next.#received = this.#received
    next.#wake = this.#wake
    return next
  }

  /** The connection is gone: nothing comes any more. */
  lose(): void {
    this.#isLost = true
  }

  send(_bytes: Bytes, frames: readonly Frame[]): void {
    if (this.#isLost || this.closed) return
    for (const frame of frames) {
      this.#received.push(frame)
      this.onFrame(frame)
    }
    for (const wake of this.#wake.splice(0)) wake()
  }

  drained(): undefined {
    return undefined
  }

  rest(): void {}

  drop(): void {
    this.close({ code: 1006, reason: '' })
  }

  close({ code, reason }: CloseReason): void {
    if (this.closed) return
    this.closed = { code, reason }
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** The next frame that is wanted; those before it are passed over. */
  frame(wanted: string, isWanted: (frame: Frame) => boolean): Promise<Frame> {
    return this.#find(wanted, isWanted, (at) => this.#received.splice(0, at + 1)[at])
  }

  /** The first frame that is wanted; those before it stay for `frame`. */
  answer(wanted: string, isWanted: (frame: Frame) => boolean): Promise<Frame> {
    return this.#find(wanted, isWanted, (at) => this.#received.splice(at, 1)[0])
  }

  async #find(
    wanted: string,
    isWanted: (frame: Frame) => boolean,
    take: (at: number) => Frame | undefined,
  ): Promise<Frame> {
    for (let looks = 0; ; ) {
      const at = this.#received.findIndex(isWanted)
      const frame = at < 0 ? undefined : take(at)
      if (frame !== undefined) return frame
      if (this.closed || looks >= LOOKS) throw new Error(this.#missing(wanted))
      if (!(await this.#waitForFrame())) looks += 1
    }
  }

  /** → whether something came, or the time of a look went by. */
  #waitForFrame(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), LOOK_MS)
      this.#wake.push(() => {
        clearTimeout(timer)
        resolve(true)
      })
    })
  }

  #missing(wanted: string): string {
    const end = this.closed
      ? `the room closed this peer (${this.closed.code} ${this.closed.reason})`
      : 'it did not come'
    const heard = this.#received.map(payloadOf).join(' ') || 'nothing'
    const errors = this.#errors.length > 0 ? `; the room failed with: ${this.#errors.map(String).join('; ')}` : ''
    return `expected ${wanted}: ${end}; heard ${heard}${errors}`
  }
}
