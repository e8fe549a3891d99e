/**
 * An audience beside a model so simple that it cannot be wrong, one list per peer. `fan-out.test.ts` plays random
 * deliveries, direct frames, arrivals and departures on both.
 */
import { setImmediate } from 'node:timers/promises'
import { expect } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { Audience } from '../../src/delivery/audience.ts'
import { FlushQueue } from '../../src/delivery/flush-queue.ts'
import { type Bytes, bufferOf, type Encoding, Frame } from '../../src/delivery/frame.ts'
import type { Relay, Relayed } from '../../src/delivery/relay.ts'
import { Subscriber, type SubscriberOwner } from '../../src/delivery/subscriber.ts'
import type { Wire } from '../../src/delivery/wire.ts'
import { newTally } from '../../src/tally.ts'
import { PATIENCE_MS } from './patience.ts'
import type { Dice } from './random.ts'

const LIMIT_BYTES = 1000
const BYTES = 4

function encodingOf(name: string): Encoding {
  return {
    name,
    encode({ data }) {
      const bytes = Buffer.alloc(BYTES)
      bytes.writeInt32BE(Number(data))
      return bytes
    },
  }
}
export const ENCODINGS = [encodingOf('one'), encodingOf('other')]

/** A relay that carries at once, and notes how much it was given. */
export class NotingRelay implements Relay {
  readonly backlog = { waiting: 0, isGone: false, relieve() {}, drop() {} }
  readonly wires: NotingWire[] = []
  readonly entered = new Set<NotingWire>()
  /** Frames for all. */
  carried = 0

  /** The place of a new wire. */
  seat(wire: NotingWire): Relayed {
    return { relay: this, session: this.wires.push(wire) - 1 }
  }

  sendToAll(frame: Frame, except: number | undefined): void {
    this.carried += 1
    for (const wire of this.entered) if (wire.relayed?.session !== except) wire.send(frame.bytes(wire.encoding))
  }

  enter(session: number): void {
    const wire = this.wires[session]
    if (!wire || wire.isClosed) throw new Error('expected a live session to enter')
    this.entered.add(wire)
  }

  leave(session: number): void {
    for (const wire of this.entered) if (wire.relayed?.session === session) this.entered.delete(wire)
  }

  flush(): void {}
}

/** A wire that notes the numbers it was sent. */
export class NotingWire implements Wire {
  readonly encoding: Encoding
  readonly relayed: Relayed | undefined
  waiting = 0
  isClosed = false
  readonly heard: number[] = []

  constructor(encoding: Encoding, relay?: NotingRelay) {
    this.encoding = encoding
    this.relayed = relay?.seat(this)
  }

  send(sent: Bytes): void {
    if (this.isClosed) return
    const bytes = bufferOf(sent)
    for (let at = 0; at < bytes.length; at += BYTES) this.heard.push(bytes.readInt32BE(at))
  }

  rest(): void {}

  drained(): undefined {
    return undefined
  }

  close(): void {
    this.isClosed = true
  }

  drop(): void {
    this.close()
  }
}

interface ModelPeer {
  readonly subscriber: Subscriber
  readonly wire: NotingWire
  readonly expected: number[]
}

/** An audience and its model, side by side. */
export class Play {
  readonly peers: ModelPeer[] = []
  readonly audience: Audience
  readonly owner: SubscriberOwner = { cut: (subscriber) => this.#onSlow(subscriber) }
  readonly random: Dice
  /** Where a wire may be: here, or behind a relay. */
  readonly relays: readonly (NotingRelay | undefined)[]
  slowed = 0
  readonly errors: unknown[] = []
  readonly tally = newTally()
  /** For all peers together. */
  limitBytes = Number.POSITIVE_INFINITY
  #number = 0

  constructor(random: Dice, relays: readonly (NotingRelay | undefined)[] = [undefined]) {
    this.random = random
    this.relays = relays
    this.audience = new Audience(new FlushQueue(systemClock(), () => this.limitBytes), {
      limitBytes: LIMIT_BYTES,
      tally: this.tally,
      logger: { error: (fields) => void this.errors.push(fields) },
    })
  }

  add(): void {
    const wire = new NotingWire(this.random.pick(ENCODINGS), this.random.pick(this.relays))
    const subscriber = new Subscriber(this.owner, wire, this.audience)
    this.audience.add(subscriber)
    this.peers.push({ subscriber, wire, expected: [] })
  }

  deliver(): void {
    const number = ++this.#number
    const except = this.peers.length > 0 && this.random.oneIn(3) ? this.random.pick(this.peers) : undefined
    this.audience.deliver(new Frame(undefined, String(number)), except?.subscriber)
    for (const peer of this.peers) if (peer !== except) peer.expected.push(number)
  }

  direct(): void {
    if (this.peers.length === 0) return
    const peer = this.random.pick(this.peers)
    const number = ++this.#number
    peer.subscriber.send(new Frame(undefined, String(number)))
    peer.expected.push(number)
  }

  /** A close frame comes after everything that was sent before it. */
  close(): void {
    const peer = this.#take()
    if (!peer) return
    peer.subscriber.flush()
    peer.wire.close()
    this.audience.remove(peer.subscriber)
    expect(peer.wire.heard).toEqual(peer.expected)
  }

  /** A lost connection may miss the end, never the middle. */
  lose(): void {
    const peer = this.#take()
    if (!peer) return
    this.audience.remove(peer.subscriber)
    peer.wire.close()
    expect(peer.wire.heard).toEqual(peer.expected.slice(0, peer.wire.heard.length))
  }

  /** From now on this peer takes nothing. */
  stall(): void {
    if (this.peers.length > 0) this.random.pick(this.peers).wire.waiting = LIMIT_BYTES
  }

  /** What a room does with a slow peer, and what its author may do when it hears of it. */
  #onSlow(subscriber: Subscriber): void {
    const at = this.peers.findIndex((peer) => peer.subscriber === subscriber)
    const [peer] = this.peers.splice(at, at < 0 ? 0 : 1)
    if (!peer) return
    this.slowed += 1
    subscriber.flush()
    peer.wire.close()
    this.audience.remove(subscriber)
    expect(peer.wire.heard).toEqual(peer.expected.slice(0, peer.wire.heard.length))
    this.deliver()
    if (this.random.oneIn(2)) this.direct()
    if (this.random.oneIn(2)) this.close()
  }

  #take(): ModelPeer | undefined {
    const awake = this.peers.filter(({ wire }) => wire.waiting === 0)
    if (awake.length === 0) return undefined
    const peer = this.random.pick(awake)
    this.peers.splice(this.peers.indexOf(peer), 1)
    return peer
  }

  /** Resolves when every peer has heard as much as it should, or when that takes too long. */
  async settle(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS
    const isBehind = () => this.peers.some(({ wire, expected }) => wire.heard.length < expected.length)
    while (isBehind() && performance.now() < deadline) await setImmediate()
  }
}
