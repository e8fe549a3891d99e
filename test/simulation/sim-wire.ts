/**
 * One connection of a client to a node: the wire that the room writes to, and the network between. Frames take their time,
 * wait while the client does not read, and are gone when the connection is cut, which each side hears of at its own time.
 */
import type { Bytes, Encoding, Frame } from '../../src/delivery/frame.ts'
import type { Wire } from '../../src/delivery/wire.ts'
import type { CloseReason } from '../../src/errors.ts'
import type { Session } from '../../src/room/session.ts'
import type { Dice } from '../support/random.ts'
import type { NodeClock } from './node-clock.ts'
import type { Timeline } from './timeline.ts'

const encoding: Encoding = {
  name: 'simulated',
  encode: ({ type, data, seq, answer }) => JSON.stringify([type, data, seq, answer]),
}

export interface WireEnds {
  /** The room has written it. */
  written(frame: Frame): void
  /** The client has read it. */
  read(frame: Frame): void
  closed(code: number, reason: string): void
}

export class SimWire implements Wire {
  readonly encoding = encoding
  waiting = 0
  session: Session | undefined
  readonly clock: NodeClock
  readonly #timeline: Timeline
  readonly #dice: Dice
  readonly #ends: WireEnds
  readonly #name: string
  readonly #shouts = new Set<string>()
  #drained: { readonly below: number; readonly resolve: () => void } | undefined
  /** Frames that have been written, by when each is read at the earliest. */
  readonly #down: { readonly frames: readonly Frame[]; readonly bytes: number; readonly at: number }[] = []
  #isReading = false
  #upAt = 0
  #restsUntil = 0
  #slowUntil = 0
  #isOver = false
  #isCut = false

  constructor(name: string, clock: NodeClock, timeline: Timeline, dice: Dice, ends: WireEnds) {
    this.#name = name
    this.clock = clock
    this.#timeline = timeline
    this.#dice = dice
    this.#ends = ends
  }

  /** The room has closed it, or it was cut. */
  get isOver(): boolean {
    return this.#isOver
  }

  send(bytes: Bytes, frames: readonly Frame[]): void {
    if (this.#isOver) return
    for (const frame of frames) this.#ends.written(frame)
    if (this.#isCut) return
    this.waiting += bytes.length
    this.#down.push({ frames, bytes: bytes.length, at: this.#timeline.nowMs + this.#delay() })
    this.#readOn()
  }

  drained(below: number): Promise<void> | undefined {
    if (this.waiting <= below || this.#isOver) return undefined
    return new Promise((resolve) => {
      this.#drained = { below, resolve }
    })
  }

  rest(ms: number): void {
    this.#restsUntil = this.#timeline.nowMs + ms
  }

  close({ code, reason }: CloseReason): void {
    if (this.#isOver) return
    this.#over()
    if (this.#isCut) return
    // After the frames before it.
    const last = this.#down.at(-1)?.at ?? this.#timeline.nowMs
    this.#timeline.after(last - this.#timeline.nowMs + this.#delay(), `${this.#name} close`, () =>
      this.#close(code, reason),
    )
  }

  drop(): void {
    if (this.#isOver) return
    this.#over()
    this.#down.length = 0
    this.#timeline.after(this.#delay(), `${this.#name} drop`, () => this.#close(1006, ''))
  }

  /** A message of the client. */
  say(text: string, received: () => void): void {
    if (this.#isCut) return
    this.#upAt = Math.max(this.#upAt, this.#restsUntil, this.#timeline.nowMs + this.#delay())
    this.#timeline.at(this.#upAt, `${this.#name} up`, () => {
      if (this.#isCut) return
      this.clock.arrives(() => {
        if (this.#isOver) return
        received()
        this.session?.receive(text)
      }, `${this.#name} message`)
    })
  }

  /** The client says something to all others. */
  shout(text: string): void {
    this.#shouts.add(JSON.stringify(text))
    this.say(JSON.stringify({ type: 'shout', data: { text } }), () => {})
  }

  /** It has said on this connection to others what it hears. */
  hasShouted(data: string): boolean {
    return this.#shouts.has(data)
  }

  /** The client does not read for so long. */
  stall(ms: number): void {
    this.#slowUntil = this.#timeline.nowMs + ms
  }

  /** The connection is cut. `isLost`: without a close frame. */
  cut(isLost: boolean): void {
    if (this.#isCut) return
    this.#isCut = true
    this.#down.length = 0
    this.#ends.closed(1006, '')
    const heardMs = isLost && this.#dice.oneIn(3) ? this.#dice.next() * 6000 : this.#delay()
    this.#timeline.after(heardMs, `${this.#name} cut`, () => {
      this.clock.arrives(() => {
        const wasOver = this.#isOver
        this.#over()
        if (!wasOver || this.session) this.session?.gone(isLost)
      }, `${this.#name} gone`)
    })
  }

  #close(code: number, reason: string): void {
    if (this.#isCut) return
    this.#isCut = true
    this.#down.length = 0
    this.#ends.closed(code, reason)
    this.clock.arrives(() => this.session?.gone(false), `${this.#name} closed`)
  }

  #over(): void {
    this.#isOver = true
    this.#drained?.resolve()
    this.#drained = undefined
  }

  #readOn(): void {
    const [next] = this.#down
    if (!next || this.#isReading) return
    this.#isReading = true
    const at = Math.max(next.at, this.#slowUntil)
    this.#timeline.at(at, `${this.#name} down`, () => {
      this.#isReading = false
      if (this.#isCut) return
      if (this.#slowUntil > this.#timeline.nowMs) return this.#readOn()
      this.#down.shift()
      this.#took(next.bytes)
      for (const frame of next.frames) this.#ends.read(frame)
      this.#readOn()
    })
  }

  #took(bytes: number): void {
    this.waiting -= bytes
    const waits = this.#drained
    if (!waits || this.waiting > waits.below) return
    this.#drained = undefined
    this.clock.arrives(waits.resolve, `${this.#name} drained`)
  }

  #delay(): number {
    return 0.2 + this.#dice.next() * (this.#dice.oneIn(20) ? 200 : 3)
  }
}
