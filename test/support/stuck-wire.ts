/** A wire of a peer that takes nothing until a test releases it: what was written waits. */

import { type Bytes, bufferOf, type Encoding } from '../../src/delivery/frame.ts'
import { payloadOf } from '../../src/delivery/payload.ts'
import type { Wire } from '../../src/delivery/wire.ts'
import type { CloseReason } from '../../src/errors.ts'

const encoding: Encoding = { name: 'stuck', encode: (frame) => Buffer.from(`${payloadOf(frame)}\n`) }

export class StuckWire implements Wire {
  readonly encoding = encoding
  waiting = 0
  sent = ''
  closed: number | undefined
  isDropped = false
  onClose: () => void = () => {}
  #taken: (() => void)[] = []

  send(bytes: Bytes): void {
    this.waiting += bytes.length
    this.sent = `${this.sent}${bufferOf(bytes)}`.slice(-10_000)
  }

  rest(): void {}

  drained(below: number): Promise<void> | undefined {
    if (this.waiting <= below) return undefined
    return new Promise((resolve) => this.#taken.push(resolve))
  }

  /** The peer takes what waits. */
  take(): void {
    this.waiting = 0
    for (const taken of this.#taken.splice(0)) taken()
  }

  close({ code }: CloseReason): void {
    if (this.closed !== undefined) return
    this.closed = code
    this.onClose()
  }

  drop(): void {
    this.isDropped = true
    this.waiting = 0
    this.close({ code: 1006, reason: '' })
  }
}
