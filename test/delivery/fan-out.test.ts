/**
 * The order in which peers hear things, against a model so simple that it cannot be wrong: one list per peer. Thousands
 * of random deliveries, direct frames, arrivals and departures from a seed; each peer must have heard its list.
 */

import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { Audience } from '../../src/delivery/audience.ts'
import { FlushQueue } from '../../src/delivery/flush-queue.ts'
import { type Bytes, bufferOf, type Encoding, Frame } from '../../src/delivery/frame.ts'
import { Subscriber, type SubscriberOwner } from '../../src/delivery/subscriber.ts'
import type { Wire } from '../../src/delivery/wire.ts'
import { newTally } from '../../src/tally.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { type Dice, seeded } from '../support/random.ts'

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
const ENCODINGS = [encodingOf('one'), encodingOf('other')]

/** A wire that notes the numbers it was sent. */
class NotingWire implements Wire {
  readonly encoding: Encoding
  waiting = 0
  isClosed = false
  readonly heard: number[] = []

  constructor(encoding: Encoding) {
    this.encoding = encoding
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
class Play {
  readonly peers: ModelPeer[] = []
  readonly audience: Audience
  readonly owner: SubscriberOwner = { cut: (subscriber) => this.#onSlow(subscriber) }
  readonly random: Dice
  slowed = 0
  readonly errors: unknown[] = []
  #number = 0

  constructor(random: Dice) {
    this.random = random
    this.audience = new Audience(new FlushQueue(systemClock()), {
      limitBytes: LIMIT_BYTES,
      tally: newTally(),
      logger: { error: (fields) => void this.errors.push(fields) },
    })
  }

  add(): void {
    const wire = new NotingWire(this.random.pick(ENCODINGS))
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

describe('fan-out', () => {
  it.each([1, 2, 3, 4, 5, 6])('lets every peer hear its own frames, each once, in order (seed %i)', async (seed) => {
    const random = seeded(seed)
    const play = new Play(random)
    let crowd = 0
    for (let step = 0; step < 5000; step += 1) {
      // The crowd grows over several shards and shrinks to none.
      if (step % 500 === 0) crowd = random.pick([0, 10, 300, 700])
      const dice = random.below(10)
      if (play.peers.length < crowd && dice < 6) for (let more = random.below(20); more >= 0; more -= 1) play.add()
      else if (play.peers.length > crowd && dice < 6)
        for (let less = random.below(20); less >= 0; less -= 1) play.lose()
      else if (dice < 7) play.deliver()
      else if (dice < 8) play.direct()
      else if (dice < 9) play.close()
      else if (random.oneIn(4)) play.stall()
      if (random.oneIn(5)) await setImmediate()
    }
    for (const { wire } of play.peers) wire.waiting = 0
    play.deliver()
    await play.settle()

    expect(play.errors).toEqual([])
    expect(play.slowed).toBeGreaterThan(10)
    for (const { wire, expected } of play.peers) expect(wire.heard).toEqual(expected)
  })

  it('does not add a newcomer twice if a shard before a full one is empty', async () => {
    const play = new Play(seeded(1))
    const wires = Array.from({ length: 512 }, () => new NotingWire(ENCODINGS[0] as Encoding))
    const subscribers = wires.map((wire) => new Subscriber(play.owner, wire, play.audience))
    for (const subscriber of subscribers) play.audience.add(subscriber)
    for (const subscriber of subscribers.slice(0, 256)) play.audience.remove(subscriber)
    const wire = new NotingWire(ENCODINGS[0] as Encoding)
    play.audience.add(new Subscriber(play.owner, wire, play.audience))

    play.audience.deliver(new Frame(undefined, '1'))
    play.audience.deliver(new Frame(undefined, '2'))
    while ((wires.at(-1)?.heard.length ?? 0) < 2) await setImmediate()
    expect(wire.heard).toEqual([1, 2])
  })

  it('closes a peer that is too slow also if it is the one with its own frame', async () => {
    const play = new Play(seeded(1))
    play.add()
    play.stall()
    play.direct()
    while (play.slowed === 0) await setImmediate()
    expect(play.peers).toEqual([])
  })
})
