/**
 * The wire of a test peer: frames that a room sends are queued here until the test asks for them. `test-member.ts`
 * makes one for each connection.
 */
// Imported, since the fake timers of a test framework replace the global ones.
import { clearTimeout, setTimeout } from 'node:timers'
import type { Bytes, Encoding, Frame } from '../delivery/frame.ts'
import { payloadOf } from '../delivery/payload.ts'
import type { Wire } from '../delivery/wire.ts'
import type { CloseReason } from '../errors.ts'

/**
 * A test waits for a frame in a fixed number of short waits, not until a deadline: if a busy machine stops the process,
 * the remaining waits are still ahead.
 */
const WAIT_MS = 50
const PATIENCE_MS = 1000

/** Encodes nothing: tests get the frames themselves. */
const encoding: Encoding = { name: 'test', encode: () => '', join: () => '' }

export class TestWire implements Wire {
  readonly encoding = encoding
  readonly waiting = 0
  closed: { code: number; reason: string } | undefined
  /** Called with each frame as it arrives. */
  onFrame: (frame: Frame) => void = () => {}
  #isLost = false
  readonly #errors: readonly unknown[]
  readonly #patienceMs: number
  #received: Frame[] = []
  #wake: (() => void)[] = []

  /**
   * `errors`: the errors that the room logged, shown if an expected frame does not arrive. `patienceMs`: how long a test
   * waits for one.
   */
  constructor(errors: readonly unknown[], patienceMs = PATIENCE_MS) {
    this.#errors = errors
    this.#patienceMs = patienceMs
  }

  /** The next connection of the same peer, which takes over the frames not read yet. */
  next(): TestWire {
    const next = new TestWire(this.#errors, this.#patienceMs)
    next.#received = this.#received
    next.#wake = this.#wake
    return next
  }

  /** The connection is lost: nothing arrives any more. */
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

  /** Resolves with the next wanted frame; earlier ones are dropped. */
  frame(wanted: string, isWanted: (frame: Frame) => boolean): Promise<Frame> {
    return this.#find(wanted, isWanted, (at) => this.#received.splice(0, at + 1)[at])
  }

  /** Resolves with the first wanted frame; earlier ones stay for `frame`. */
  answer(wanted: string, isWanted: (frame: Frame) => boolean): Promise<Frame> {
    return this.#find(wanted, isWanted, (at) => this.#received.splice(at, 1)[0])
  }

  async #find(
    wanted: string,
    isWanted: (frame: Frame) => boolean,
    take: (at: number) => Frame | undefined,
  ): Promise<Frame> {
    for (let waits = 0; ; ) {
      const at = this.#received.findIndex(isWanted)
      const frame = at < 0 ? undefined : take(at)
      if (frame !== undefined) return frame
      if (this.closed || waits >= Math.ceil(this.#patienceMs / WAIT_MS)) throw new Error(this.#missing(wanted))
      if (!(await this.#waitForFrame())) waits += 1
    }
  }

  /** Resolves with whether a frame arrived within one wait. */
  #waitForFrame(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), WAIT_MS)
      this.#wake.push(() => {
        clearTimeout(timer)
        resolve(true)
      })
    })
  }

  #missing(wanted: string): string {
    const end = this.closed
      ? `the room closed this peer (${this.closed.code} ${this.closed.reason})`
      : 'it did not arrive'
    const received = this.#received.map(payloadOf).join(' ') || 'nothing'
    const errors = this.#errors.length > 0 ? `; the room failed with: ${this.#errors.map(String).join('; ')}` : ''
    return `expected ${wanted}: ${end}; received ${received}${errors}`
  }
}
