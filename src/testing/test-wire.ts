/**
 * A wire that ends in a test: what a room sends waits here until the test asks for it. Frames are joined like on any
 * wire, so they carry a head (one byte of kind, four of length) by which they are taken apart again.
 */
import { type Bytes, bufferOf, type Encoding } from '../frame.ts'
import type { Wire } from '../wire.ts'

const HEAD = 5
/**
 * How long a test waits for something: so many looks. A process that a busy machine leaves standing is late for its next
 * look too, and does not lose patience meanwhile.
 */
const LOOKS = 20
const LOOK_MS = 50
/** Real time, also where a test framework has put fake timers in its place by the time it is called. */
const { setTimeout: afterReal, clearTimeout: cancelReal } = globalThis

const encoding: Encoding = {
  name: 'test',
  encode({ payload }) {
    const body = Buffer.from(payload as string)
    const head = Buffer.alloc(HEAD)
    head[0] = typeof payload === 'string' ? 1 : 2
    head.writeUInt32BE(body.length, 1)
    return Buffer.concat([head, body])
  },
}

export class TestWire implements Wire {
  readonly encoding = encoding
  readonly waiting = 0
  closed: { code: number; reason: string } | undefined
  /** Is told of each payload as it comes. */
  onHeard: (payload: string | Uint8Array) => void = () => {}
  #isLost = false
  readonly #errors: readonly unknown[]
  #heard: (string | Uint8Array)[] = []
  #wake: (() => void)[] = []

  /** `errors`: what the room logged, told where something does not come. */
  constructor(errors: readonly unknown[]) {
    this.#errors = errors
  }

  /** Another connection of the same peer, which hears on where this one was. */
  next(): TestWire {
    const next = new TestWire(this.#errors)
    next.#heard = this.#heard
    next.#wake = this.#wake
    return next
  }

  /** The connection is gone: nothing comes any more. */
  lose(): void {
    this.#isLost = true
  }

  send(sent: Bytes): void {
    if (this.#isLost || this.closed) return
    const bytes = bufferOf(sent)
    for (let at = 0; at < bytes.length; ) {
      const end = at + HEAD + bytes.readUInt32BE(at + 1)
      const body = bytes.subarray(at + HEAD, end)
      const payload = bytes[at] === 1 ? body.toString() : new Uint8Array(body)
      this.#heard.push(payload)
      this.onHeard(payload)
      at = end
    }
    for (const wake of this.#wake.splice(0)) wake()
  }

  drained(): undefined {
    return undefined
  }

  drop(): void {
    this.close(1006, '')
  }

  close(code: number, reason: string): void {
    if (this.closed) return
    this.closed = { code, reason }
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** The next payload that is wanted; those before it are passed over. */
  payload(wanted: string, isWanted: (payload: string | Uint8Array) => boolean): Promise<string | Uint8Array> {
    return this.#find(wanted, isWanted, (at) => this.#heard.splice(0, at + 1)[at])
  }

  /** The first payload that is wanted; those before it stay for `payload`. */
  answer(wanted: string, isWanted: (payload: string | Uint8Array) => boolean): Promise<string | Uint8Array> {
    return this.#find(wanted, isWanted, (at) => this.#heard.splice(at, 1)[0])
  }

  async #find(
    wanted: string,
    isWanted: (payload: string | Uint8Array) => boolean,
    take: (at: number) => string | Uint8Array | undefined,
  ): Promise<string | Uint8Array> {
    for (let looks = 0; ; ) {
      const at = this.#heard.findIndex(isWanted)
      const payload = at < 0 ? undefined : take(at)
      if (payload !== undefined) return payload
      if (this.closed || looks >= LOOKS) throw new Error(this.#missing(wanted))
      if (!(await this.#something())) looks += 1
    }
  }

  /** → whether something came, or the time of a look went by. */
  #something(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = afterReal(() => resolve(false), LOOK_MS)
      this.#wake.push(() => {
        cancelReal(timer)
        resolve(true)
      })
    })
  }

  #missing(wanted: string): string {
    const end = this.closed
      ? `the room closed this peer (${this.closed.code} ${this.closed.reason})`
      : 'it did not come'
    const heard = this.#heard.map(String).join(' ') || 'nothing'
    const errors = this.#errors.length > 0 ? `; the room failed with: ${this.#errors.map(String).join('; ')}` : ''
    return `expected ${wanted}: ${end}; heard ${heard}${errors}`
  }
}
