/** A peer that does nothing but listen, and knows what must come: the welcome, then every event from there, each once. */

import { setImmediate } from 'node:timers/promises'
import { type Bytes, bufferOf, type Encoding, type Frame } from '../../src/delivery/frame.ts'
import { payloadOf } from '../../src/delivery/payload.ts'
import type { Wire } from '../../src/delivery/wire.ts'
import type { CloseReason } from '../../src/errors.ts'

/** How many events a new member gets. */
export const REPLAY = 50

/** What came, checked as it comes. `next`: the seq that must come. */
export class Hearing {
  welcome: { first: number; seq: number; resumed?: boolean; reason?: string } | undefined
  next: number | undefined
  events = 0
  resets = 0
  fault: string | undefined
  readonly #resumeAt: number | undefined

  /** `resumeAt`: the seq of the offset the peer came with. */
  constructor(resumeAt?: number) {
    this.#resumeAt = resumeAt
  }

  event(seq: number): void {
    this.events += 1
    if (seq !== this.next) this.fault ??= `expected ${this.next}, got ${seq} after ${this.events} events`
    this.next = seq + 1
  }

  say({
    type,
    data,
  }: {
    type: string
    data: { first: number; seq: number; resumed?: boolean; reason?: string }
  }): void {
    if (type === 'reset') {
      this.resets += 1
      // The first page is read in the turn of the join: nothing can be cut before it.
      if (this.events === 0) this.fault ??= 'a reset without need'
      this.next = data.first
    } else if (type === 'welcome' && !this.welcome && this.events === 0) {
      this.welcome = data
      this.next = data.resumed ? (this.#resumeAt ?? 0) + 1 : Math.max(data.first, data.seq - REPLAY + 1)
    } else this.fault ??= `unexpected ${type}`
  }
}

/** Events as their seq alone, the rest as JSON, so that ten thousand peers can be read. */
const encoding: Encoding = {
  name: 'seq',
  encode(frame: Frame) {
    const { seq } = frame
    const body = seq > 0 ? Buffer.alloc(0) : Buffer.from(String(payloadOf(frame)))
    const bytes = Buffer.alloc(8)
    bytes.writeUInt32BE(seq)
    bytes.writeUInt32BE(body.length, 4)
    return Buffer.concat([bytes, body])
  },
}

/** A wire that may take its time: it is drained after so many turns of the loop, once. */
export class HearingWire implements Wire {
  readonly encoding = encoding
  readonly hearing: Hearing
  closed: number | undefined
  #busyTurns: number

  constructor(hearing: Hearing, busyTurns: number) {
    this.hearing = hearing
    this.#busyTurns = busyTurns
  }

  get waiting(): number {
    return this.#busyTurns > 0 ? 300_000 : 0
  }

  rest(): void {}

  drained(): Promise<void> | undefined {
    return this.#busyTurns > 0 ? this.#rest() : undefined
  }

  async #rest(): Promise<void> {
    for (; this.#busyTurns > 0; this.#busyTurns -= 1) await setImmediate()
  }

  drop(): void {
    this.close({ code: 1006, reason: '' })
  }

  send(sent: Bytes): void {
    const bytes = bufferOf(sent)
    for (let at = 0; at < bytes.length; ) {
      const seq = bytes.readUInt32BE(at)
      const end = at + 8 + bytes.readUInt32BE(at + 4)
      if (seq > 0) this.hearing.event(seq)
      else this.hearing.say(JSON.parse(bytes.toString('utf8', at + 8, end)))
      at = end
    }
  }

  close({ code }: CloseReason): void {
    this.closed = code
  }
}
