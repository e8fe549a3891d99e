/** What a test may do to calls on their way to a model of Redis, and to the model. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { handClock } from '../../src/testing/hand-clock.ts'
import { CommandError } from '../support/redis-model/answer.ts'
import { ModelClient } from '../support/redis-model/model-client.ts'
import { ModelHost } from '../support/redis-model/model-host.ts'
import { RedisModel } from '../support/redis-model/redis-model.ts'

const COUNT = { name: 'count', text: "#!lua\nreturn redis.call('INCR', KEYS[1])" }
const HELD = () => ({ callMs: 'held', answerMs: 'held' }) as const

function setUp({ hasReplicas = false } = {}) {
  const clock = handClock()
  const host = new ModelHost(new RedisModel({ clock }))
  const client = new ModelClient(clock, host, { hasReplicas })
  const count = () => client.run(COUNT, 'n', [])
  const kept = () => Number(host.model.command('GET', ['n']) ?? 0)
  return { clock, host, client, count, kept }
}

/** What the model refuses with. */
function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof CommandError) return error.message
    throw error
  }
  return 'nothing was refused'
}

describe('a call', () => {
  it('runs at once and answers, unless the test holds it', async () => {
    const { count, client } = setUp()
    expect(await count()).toBe(1)
    expect(await client.command('GET', 'n')).toEqual(Buffer.from('1'))
  })

  it('takes its time, and does not overtake one that was sent before', async () => {
    const { clock, client, count, kept } = setUp()
    await count()
    client.pacing = () => ({ callMs: 30, answerMs: 20 })
    const first = count()
    client.pacing = () => ({ callMs: 0, answerMs: 0 })
    const second = count()
    await clock.advance(29)
    expect(kept()).toBe(1)
    await clock.advance(1)
    expect(kept()).toBe(3)
    await clock.advance(20)
    expect(await Promise.all([first, second])).toEqual([2, 3])
  })

  it('is executed though its answer is lost', async () => {
    const { client, count, kept } = setUp()
    await count()
    client.pacing = HELD
    const lost = count()
    client.connection?.arrive()
    client.cut()
    await expect(lost).rejects.toThrow('the connection ended before its answer')
    expect(kept()).toBe(2)
  })

  it('arrives after its connection died, and after a later call of the next one', async () => {
    const { client, count, kept } = setUp()
    await count()
    client.pacing = HELD
    const lost = count()
    client.cut()
    await expect(lost).rejects.toThrow('ended')
    client.pacing = () => ({ callMs: 0, answerMs: 0 })
    expect(await client.command('GET', 'n')).toEqual(Buffer.from('1'))
    client.ghosts[0]?.arrive()
    expect(kept()).toBe(2)
  })

  it('waits while the server is frozen', async () => {
    const { host, count, kept } = setUp()
    host.freeze()
    const waiting = count()
    expect(kept()).toBe(0)
    host.thaw()
    expect(await waiting).toBe(1)
  })

  it('is lost to who made it when its connection dies while the server is frozen', async () => {
    const { host, client, count, kept } = setUp()
    await count()
    host.freeze()
    const cut = count()
    client.cut()
    await expect(cut).rejects.toThrow('ended')
    host.thaw()
    expect(kept()).toBe(2)
    host.freeze()
    const lost = count()
    host.kill()
    await expect(lost).rejects.toThrow('ended')
    host.start()
    expect(kept()).toBe(2)
  })

  it('is rejected at once while the server is down', async () => {
    const { host, count } = setUp()
    host.kill()
    await expect(count()).rejects.toThrow('not connected')
    host.start()
    expect(await count()).toBe(1)
  })
})

describe('a restart', () => {
  it('changes the run id, forgets the scripts, and can lose writes', async () => {
    const { host, count } = setUp()
    for (let n = 1; n <= 5; n += 1) expect(await count()).toBe(n)
    const before = host.model.runId
    const sha = createHash('sha1').update(COUNT.text).digest('hex')
    expect(host.model.runLoaded(sha, ['other'], [])).toBe(1)
    host.restart(host.model.position - 3)
    expect(host.model.runId).not.toBe(before)
    expect(refusal(() => host.model.runLoaded(sha, ['n'], []))).toMatch(/^NOSCRIPT/)
    expect(await count()).toBe(4)
  })

  it('does not change when a key expires', async () => {
    const { clock, host, client } = setUp()
    await client.command('SET', 'short', '1', 'PX', 5000)
    const { position } = host.model
    await clock.advance(900)
    await client.command('DEL', 'short')
    host.restart(position)
    expect(await client.command('PTTL', 'short')).toBe(4100)
  })

  it('loses what was on its way', async () => {
    const { host, client, count, kept } = setUp()
    await count()
    client.pacing = HELD
    const lost = count()
    host.restart()
    await expect(lost).rejects.toThrow('ended')
    expect(client.ghosts).toEqual([])
    expect(kept()).toBe(1)
  })
})

describe('a fault', () => {
  it('refuses with the code of Redis', async () => {
    const { host, client, count } = setUp()
    const { faults } = host.model
    await count()
    const refused = async (fault: 'isFull' | 'isReplica' | 'isLoading' | 'isBusy', code: string) => {
      faults[fault] = true
      await expect(count()).rejects.toMatchObject({ name: 'Error', code })
      faults[fault] = false
    }
    await refused('isFull', 'OOM')
    await refused('isReplica', 'READONLY')
    await refused('isLoading', 'LOADING')
    await refused('isBusy', 'BUSY')
    faults.diskError = 'aof'
    await expect(count()).rejects.toMatchObject({ code: 'MISCONF' })
    await expect(client.command('NOPE', 'n')).rejects.toMatchObject({ code: 'ERR' })
  })
})

it('two masters go on from the same state, each on its own', async () => {
  const { clock, host, client, count } = setUp()
  for (let n = 1; n <= 3; n += 1) await count()
  const other = new ModelHost(host.model.fork('other', host.model.position - 1))
  expect(await new ModelClient(clock, other).run(COUNT, 'n', [])).toBe(3)
  expect(await count()).toBe(4)
  expect(other.model.runId).not.toBe(host.model.runId)
  client.moveTo(other)
  expect(await count()).toBe(4)
})

it('the same calls give the same state, whatever was snapshotted meanwhile', async () => {
  const [one, other] = [setUp(), setUp()]
  for (let n = 1; n <= 50; n += 1) {
    await one.count()
    await other.count()
    if (n % 7 === 0) other.host.model.keys.snapshot()
  }
  expect(one.host.model.hash()).toBe(other.host.model.hash())
  one.host.model.lose('n')
  expect(one.host.model.hash()).not.toBe(other.host.model.hash())
})

describe('a replica', () => {
  it('confirms a write once it has it, and holds up what follows on the connection until then', async () => {
    const { clock, host, client } = setUp({ hasReplicas: true })
    const replica = host.model.replicas.add()
    expect(await client.runReplicated?.(COUNT, 'n', [])).toEqual({ reply: 1, isReplicated: true })
    replica.lag()
    const second = client.runReplicated?.(COUNT, 'n', [])
    let isRead = false
    const reading = client.command('GET', 'n').then(() => {
      isRead = true
    })
    await clock.advance(50)
    expect(isRead).toBe(false)
    replica.catchUp(host.model.position)
    expect(await second).toEqual({ reply: 2, isReplicated: true })
    await reading
  })

  it('that is too slow is not waited for until it is trusted again', async () => {
    const { clock, host, client } = setUp({ hasReplicas: true })
    const replica = host.model.replicas.add()
    replica.lag()
    const slow = client.runReplicated?.(COUNT, 'n', [])
    await clock.advance(100)
    expect(await slow).toEqual({ reply: 1, isReplicated: false })
    expect(await client.runReplicated?.(COUNT, 'n', [])).toEqual({ reply: 2, isReplicated: false })
    replica.catchUp()
    client.trustReplicas()
    expect(await client.runReplicated?.(COUNT, 'n', [])).toEqual({ reply: 3, isReplicated: true })
  })

  it('takes over with what it has', async () => {
    const { clock, host, client, count } = setUp()
    const replica = host.model.replicas.add()
    await count()
    replica.lag()
    await count()
    client.moveTo(new ModelHost(replica.takeOver('second')))
    expect(await count()).toBe(2)
    expect(clock.monotonic()).toBe(0)
  })
})
