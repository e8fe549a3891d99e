/** Rooms of nodes on a real Redis: who has them, what is left of them, and a takeover that Redis loses. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Elsewhere } from '../../src/nodes/ownership.ts'
import { need } from '../support/components.ts'
import { draft } from '../support/log-under-test.ts'
import { DURABLE, PASSING, realNode } from '../support/owned-logs.ts'
import { TestRedis } from '../support/redis-log.ts'

const command = need('redis')

describe.skipIf(!command)('a room', () => {
  let redis: TestRedis

  beforeAll(async () => {
    redis = await TestRedis.start(command ?? '')
  })
  afterAll(() => redis.remove())
  afterEach(() => redis.empty())

  const two = async () => [await realNode('a', redis), await realNode('b', redis)] as const
  const keys = async () => (await redis.keys()).filter((key) => key !== 'corridor:secret')

  it.each([DURABLE, PASSING])('has one node at a time, and leaves nothing if nothing was said', async (retention) => {
    const [a, b] = await two()
    const opened = await Promise.allSettled([a.open('/room', retention), b.open('/room', retention)])
    const [room] = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    const [error] = opened.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    expect(error).toBeInstanceOf(Elsewhere)
    expect(await keys()).toHaveLength(2)
    await room?.close()
    expect(await keys()).toEqual([])
    const terms = [...a.claimed, ...b.claimed].map(({ term }) => term)
    await (await b.open('/room', retention)).close()
    expect(b.claimed.at(-1)?.term).toBeGreaterThan(Math.max(...terms))
  })

  it('of a node that was frozen is kept by who took it', async () => {
    const [a, b] = await two()
    const room = await a.open()
    await room.append([draft('1')], [], { alarms: new Map([['ring', 1e13]]) })
    b.bury('a')
    const taken = await b.open()
    const late = room.append([draft('late')])
    const kept = taken.append([draft('2')])
    await expect(late).rejects.toMatchObject({ code: 'unavailable' })
    expect(await kept).toBe(2)
    expect(await a.log.verify('/room')).toBe(false)
    await room.close()
    expect([await b.log.verify('/room'), await b.claims.alarmOf('/room')]).toEqual([true, 1e13])
  })

  it('is taken back by who had taken it, where Redis has lost that', async () => {
    const [a, b] = await two()
    const room = await a.open()
    await room.append([draft('1')])
    redis.server.saveFiles()
    b.bury('a')
    const taken = await b.open()
    expect(await taken.append([draft('2')])).toBe(2)
    await redis.server.kill()
    redis.server.putFilesBack()
    await redis.server.restart()
    await redis.reconnected()
    await b.log.verifyAll()
    expect(await a.log.verify('/room')).toBe(false)
    expect(await taken.append([draft('3')])).toBe(3)
    expect([taken.lost, room.lost.length]).toEqual([[], 1])
    await expect(room.append([draft('late')])).rejects.toMatchObject({ code: 'unavailable' })
    const texts = (await taken.read(0, 10)).map(({ data }) => JSON.parse(String(data)).text)
    expect(texts).toEqual(['1', '2', '3'])
  })

  it('that a node has is not in a backup as owned', async () => {
    const [a] = await two()
    await (await a.open('/kept')).append([draft('1')])
    await a.open('/silent')
    const parts: Uint8Array[] = []
    for await (const part of a.log.backup()) parts.push(part)
    const text = Buffer.concat(parts).toString('latin1')
    expect([text.includes('/kept'), text.includes('/silent')]).toEqual([true, false])
  })
})
