/**
 * The order in which peers hear things, against a model (`support/fan-out-play.ts`). Thousands of random deliveries, direct
 * frames, arrivals and departures from a seed; each peer must have heard its list, whether its wire is here or behind a
 * relay.
 */

import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type Encoding, Frame } from '../../src/delivery/frame.ts'
import { Subscriber } from '../../src/delivery/subscriber.ts'
import { ENCODINGS, NotingRelay, NotingWire, Play } from '../support/fan-out-play.ts'
import { seeded } from '../support/random.ts'

const HERE = [undefined]
const BEHIND_ONE = [new NotingRelay()]
const MIXED = [undefined, new NotingRelay(), new NotingRelay()]

describe('fan-out', () => {
  it.each([
    ...[1, 2, 3, 4, 5, 6].map((seed) => ({ seed, where: 'here', relays: HERE })),
    ...[1, 2, 3].map((seed) => ({ seed, where: 'behind a relay', relays: BEHIND_ONE })),
    ...[1, 2, 3].map((seed) => ({ seed, where: 'here and behind two relays', relays: MIXED })),
  ])('lets every peer $where hear its own frames, each once, in order (seed $seed)', async ({ seed, relays }) => {
    const random = seeded(seed)
    const play = new Play(random, relays)
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

  it('gives a relay a frame for all once, however many hear it', async () => {
    const relay = new NotingRelay()
    const play = new Play(seeded(1), [relay])
    for (let more = 0; more < 2000; more += 1) play.add()
    for (let more = 0; more < 10; more += 1) play.deliver()
    await play.settle()
    for (const { wire, expected } of play.peers) expect(wire.heard).toEqual(expected)
    expect(relay.carried).toBe(10)
    expect(play.tally.delivered).toBe(0)
  })

  it('lets a peer behind a relay that is cut hear nothing more of what goes to all', async () => {
    const relay = new NotingRelay()
    const play = new Play(seeded(1), [relay])
    play.add()
    play.deliver()
    await play.settle()
    const [peer] = play.peers
    play.stall()
    play.direct()
    play.deliver()
    while (play.slowed === 0) await setImmediate()
    expect(peer?.wire.heard).toEqual([1])
    expect(relay.entered.size).toBe(0)
  })

  it('notes what waits for a relay, once for all that it carries', async () => {
    const relay = new NotingRelay()
    const play = new Play(seeded(1), [relay])
    for (let more = 0; more < 10; more += 1) play.add()
    relay.backlog.waiting = 100
    let relieved = 0
    relay.backlog.relieve = () => {
      relieved += 1
    }
    play.limitBytes = 99
    play.deliver()
    await expect.poll(() => relieved).toBe(1)
  })
})
