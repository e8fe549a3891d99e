/** Nodes that know of each other by a real Redis. Their time is the test's; what Redis does takes its own. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { openRedis } from '../../src/log/redis/open.ts'
import type { RedisCalls } from '../../src/log/redis/redis-calls.ts'
import { Beats } from '../../src/nodes/beats.ts'
import { systemRandom } from '../../src/random.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { need } from '../support/components.ts'
import { SILENT } from '../support/places.ts'
import { RedisServer } from '../support/redis.ts'

const command = need('redis')

interface Node {
  readonly beats: Beats
  readonly told: string[]
  /** `kill -9`. */
  die(): void
}

let redis: RedisServer
let clock: HandClock
const ends: (() => unknown)[] = []
/** Calls that Redis has not answered yet. */
const inFlight = new Set<Promise<unknown>>()

beforeEach(async () => {
  redis = await RedisServer.start(command ?? '')
  clock = handClock()
})

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  await redis.remove()
})

function counted(calls: RedisCalls): RedisCalls {
  const count = <T>(promise: Promise<T>) => {
    const settled = promise.then(
      () => {},
      () => {},
    )
    inFlight.add(settled)
    void settled.then(() => inFlight.delete(settled))
    return promise
  }
  return {
    run: (...call) => count(calls.run(...call)),
    command: (...call) => count(calls.command(...call)),
    ...(calls.subscribe && { subscribe: calls.subscribe.bind(calls) }),
  }
}

async function node(url = redis.url): Promise<Node> {
  const link = await openRedis(url, systemClock(), SILENT)
  const told: string[] = []
  const tell = (kind: string) => (word?: string) => void told.push(word === undefined ? kind : `${kind} ${word}`)
  let isDead = false
  const beats = new Beats({
    calls: counted(link.calls),
    clock: { ...clock, after: (ms, fn) => clock.after(ms, () => !isDead && fn()) },
    random: systemRandom(),
    logger: SILENT,
    ...{ protocol: 1, configHash: '', modulesHash: '', version: '1.0.0' },
    events: {
      verify: tell('verify'),
      verifyAll: () => told.push('verifyAll'),
      regained: async () => {},
      moved: (path, owner, term) => told.push(`moved ${path} ${owner} ${term}`),
      died: tell('died'),
      cutOff: tell('cutOff'),
      linkWanted: () => {},
    },
  })
  const die = () => {
    isDead = true
    link.close()
  }
  ends.push(die)
  await beats.start('10.0.0.1:7000')
  return { beats, told, die }
}

/** Time goes on, and Redis answers all that was asked. */
async function pass(ms: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= 500) {
    await clock.advance(Math.min(500, leftMs))
    while (inFlight.size > 0) await Promise.all(inFlight)
  }
}

/** Beats go on until all nodes hear each other. */
async function hearing(...nodes: readonly Node[]): Promise<void> {
  await expect
    .poll(async () => {
      await pass(1000)
      return nodes.every(({ beats }) => [...beats.all()].filter(({ hears }) => hears).length === nodes.length)
    })
    .toBe(true)
}

describe('nodes on a real Redis', () => {
  it('see each other, find who is dead, and remove it a minute later', async () => {
    const [one, two] = [await node(), await node()]
    await pass(2000)
    expect(one.beats.get(two.beats.self)).toMatchObject({ address: '10.0.0.1:7000', version: '1.0.0' })
    expect(one.beats.get(two.beats.self)?.startedMs).toBe(two.beats.get(two.beats.self)?.startedMs)
    expect(Math.abs(two.beats.timeAt(clock.monotonic()) - Date.now())).toBeLessThan(60_000)
    two.die()
    await pass(9000)
    expect(one.told).toEqual([])
    await pass(3000)
    expect(one.told).toEqual([`died ${two.beats.self}`])
    await pass(61_000)
    expect(await redis.say('HKEYS', 'corridor:{nodes}')).toEqual([one.beats.self])
  })

  it('are not dead after Redis was frozen, killed, or emptied', async () => {
    const nodes = [await node(), await node()]
    await pass(2000)
    redis.freeze()
    await clock.advance(20_000)
    redis.thaw()
    await pass(3000)
    expect(nodes.flatMap(({ told }) => told)).toEqual([])
    await redis.empty()
    await pass(3000)
    expect(nodes.map(({ told }) => told)).toEqual([['verifyAll'], ['verifyAll']])
    await redis.kill()
    await clock.advance(20_000)
    await redis.restart()
    await expect
      .poll(async () => {
        await pass(1000)
        return nodes.map(({ told }) => told.length)
      })
      .toEqual([2, 2])
    expect(nodes.flatMap(({ told }) => told).filter((line) => line !== 'verifyAll')).toEqual([])
  })

  it('hear notes, questions and moves, and one that has died does not answer', async () => {
    const [one, two] = [await node(), await node()]
    await hearing(one, two)
    await one.beats.leaveNote(two.beats.self, '/rüm 1')
    one.beats.announce('/rüm 2', one.beats.self, 12)
    await expect.poll(() => two.told).toEqual(['verify /rüm 1', `moved /rüm 2 ${one.beats.self} 12`])
    expect(await redis.say('ZRANGE', `corridor:{nodes}n${two.beats.self}`, 0, -1)).toEqual(['/rüm 1'])
    await pass(2500)
    expect(await redis.say('EXISTS', `corridor:{nodes}n${two.beats.self}`)).toBe(0)
    await expect(one.beats.answers(two.beats.self)).resolves.toBe(true)
    two.die()
    const answers: boolean[] = []
    void one.beats.answers(two.beats.self).then((answer) => answers.push(answer))
    await expect
      .poll(async () => {
        await pass(100)
        return answers
      })
      .toEqual([false])
  })

  it('that may not use channels get notes with their beats, and are not taken for dead', async () => {
    await redis.say('ACL', 'SETUSER', 'quiet', 'on', '>secret', '~corridor:*', 'resetchannels', '+@all')
    const [one, quiet] = [await node(), await node(redis.url.replace('//', '//quiet:secret@'))]
    await pass(8000)
    expect(one.beats.get(quiet.beats.self)?.hears).toBe(false)
    await expect(one.beats.answers(quiet.beats.self)).resolves.toBe(true)
    await one.beats.leaveNote(quiet.beats.self, '/a')
    await pass(1500)
    expect(quiet.told).toContain('verify /a')
    await pass(10_000)
    // The clock of the test is not that of Redis, which is a warning too.
    expect(quiet.beats.warnings.map(({ kind }) => kind)).toContain('redis_channels')
  })

  it('are gone at once when they end', async () => {
    const [one, two] = [await node(), await node()]
    await hearing(one, two)
    await two.beats.end()
    await expect
      .poll(async () => {
        await pass(100)
        return one.told
      })
      .toEqual([`died ${two.beats.self}`])
  })
})
