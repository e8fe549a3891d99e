/** A frame is put into bytes once for each encoding, and keeps them no longer than a shard needs them. */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { Audience } from '../../src/delivery/audience.ts'
import { FlushQueue } from '../../src/delivery/flush-queue.ts'
import { type Encoding, Frame } from '../../src/delivery/frame.ts'
import { Subscriber } from '../../src/delivery/subscriber.ts'
import { newTally } from '../../src/tally.ts'
import { StuckWire } from '../support/stuck-wire.ts'

/** Counts what it encodes; of one name there may be many. */
function counting(name: string, encoded: string[]): Encoding {
  return {
    name,
    encode({ data }) {
      encoded.push(`${name} ${data}`)
      return `${name} ${data}\n`
    },
  }
}

function play(names: readonly string[]) {
  const encoded: string[] = []
  const audience = new Audience(new FlushQueue(systemClock()), {
    limitBytes: 1e6,
    tally: newTally(),
    logger: { error() {} },
  })
  const subscribers = names.map((name) => {
    const wire = Object.assign(new StuckWire(), { encoding: counting(name, encoded) })
    const subscriber = new Subscriber({ cut() {} }, wire, audience)
    audience.add(subscriber)
    return { subscriber, wire }
  })
  return { audience, encoded, subscribers }
}

describe('a frame', () => {
  it('is encoded once for each name, however many peers and shards, and then forgets its bytes', async () => {
    const names = Array.from({ length: 600 }, (_, index) => (index % 2 ? 'one' : 'other'))
    const { audience, encoded, subscribers } = play(names)
    const frame = new Frame(undefined, '1')
    audience.deliver(frame)
    await expect.poll(() => subscribers.every(({ wire }, at) => wire.sent === `${names[at]} 1\n`)).toBe(true)
    expect(encoded.sort()).toEqual(['one 1', 'other 1'])
    frame.bytes(counting('one', encoded))
    expect(encoded).toHaveLength(3)
  })

  it('keeps them for the shards that have not written it yet', async () => {
    const { audience, encoded, subscribers } = play(['one', 'other'])
    const frame = new Frame(undefined, '1')
    audience.deliver(frame)
    for (const name of ['one', 'one', 'other', 'other']) frame.bytes(counting(name, encoded))
    expect(encoded).toEqual(['one 1', 'other 1'])
    // An empty shard has nothing to write.
    for (const { subscriber } of subscribers.slice(0, 1)) audience.remove(subscriber)
    frame.bytes(counting('other', encoded))
    expect(encoded).toHaveLength(2)
    for (const { subscriber } of subscribers.slice(1)) audience.remove(subscriber)
    frame.bytes(counting('other', encoded))
    expect(encoded).toHaveLength(3)
    await setImmediate()
  })
})
