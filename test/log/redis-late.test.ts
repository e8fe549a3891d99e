/**
 * A commit of which nobody can say for 4 s what became of it: all that waits for it fails, what is only said goes on, and
 * when it turns out to be kept, that is told.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Frame } from '../../src/delivery/frame.ts'
import type { RoomError } from '../../src/errors.ts'
import type { Changes, RoomLog } from '../../src/log/log.ts'
import type { RedisLog } from '../../src/log/redis/redis.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { need } from '../support/components.ts'
import { HeldCalls } from '../support/held-calls.ts'
import { draft } from '../support/log-under-test.ts'
import { redisContents } from '../support/redis-contents.ts'
import { TestRedis } from '../support/redis-log.ts'

const retention = { keep: 1000, maxAgeMs: 1e12, durable: true }
const command = need('redis')

describe.skipIf(!command)('a commit that is late', () => {
  let redis: TestRedis
  let clock: HandClock
  let held: HeldCalls
  let log: RedisLog
  let room: RoomLog
  let notes: string[]

  beforeAll(async () => {
    redis = await TestRedis.start(command ?? '')
  })
  afterAll(() => redis.remove())
  beforeEach(async () => {
    clock = handClock()
    held = new HeldCalls(redis.connection)
    log = await redis.log(clock, { calls: held })
    notes = []
    room = await log.open('/room', retention, (reason) => void notes.push(`lost: ${reason}`))
  })
  afterEach(async () => {
    await log.close()
    await redis.empty()
  })

  /** `undefined`: nothing of it is to be kept. */
  const append = (name: string, isKept = true, changes?: Changes) => {
    const seqs = (frames: readonly Frame[]) => frames.map(({ seq }) => seq).join()
    room.append({
      drafts: isKept ? [draft(name)] : [],
      keys: isKept ? [{ client: 'ann', id: name, hash: 'h', draft: 0 }] : [],
      changes,
      size: 0,
      kept: (frames) => void notes.push(`${name} kept ${seqs(frames)}`.trim()),
      failed: ({ code }: RoomError) => void notes.push(`${name} ${code}`),
      keptLate: (frames) => void notes.push(`${name} late ${seqs(frames)}`),
    })
  }
  const texts = async () =>
    (await redisContents(redis.server)).events.map(({ data }) => (data as { text: string }).text)
  const noted = (count: number) => expect.poll(() => notes.length).toBe(count)

  it('fails in the time that a log which closes has left', async () => {
    append('a')
    await noted(1)
    const release = held.stall('commit')
    append('b')
    await expect.poll(texts).toEqual(['a', 'b'])
    const closed = log.close(200)
    await clock.advance(200)
    await closed
    expect(notes).toEqual(['a kept 1', 'b unavailable'])
    release()
  })

  it('fails with all that waits, and what is only said goes on', async () => {
    append('a')
    await noted(1)
    const release = held.stall('commit')
    append('b', true, { storage: new Map([['b', '1']]) })
    await expect.poll(texts).toEqual(['a', 'b'])
    append('wave 1', false)
    append('c')
    await clock.advance(3999)
    expect(notes).toEqual(['a kept 1'])
    await clock.advance(1)
    expect(notes).toEqual(['a kept 1', 'b unavailable', 'wave 1 unavailable', 'c unavailable'])
    append('wave 2', false)
    append('d')
    expect(notes.slice(4)).toEqual(['wave 2 kept', 'd unavailable'])
    release()
    await noted(7)
    append('d')
    await noted(8)
    expect(notes.slice(6)).toEqual(['b late 2', 'd kept 3'])
    expect(await texts()).toEqual(['a', 'b', 'd'])
    expect(await room.recall('ann', 'b')).toMatchObject({ seq: 2 })
    expect((await room.read(0, 10)).map(({ seq }) => seq)).toEqual([1, 2, 3])
  })

  it('that never comes is voided, and nothing of it is kept', async () => {
    append('a')
    await noted(1)
    const release = held.stall('settle')
    held.hold('commit')
    append('b')
    await clock.advance(4000)
    await noted(2)
    release()
    await expect
      .poll(async () => {
        await clock.advance(250)
        append('c')
        return notes.includes('c kept 2')
      })
      .toBe(true)
    expect(notes.filter((note) => !note.startsWith('c unavailable'))).toEqual(['a kept 1', 'b unavailable', 'c kept 2'])
    await held.arrive()
    expect(await texts()).toEqual(['a', 'c'])
  })

  it('that Redis has lost is not made again, unlike those before it', async () => {
    append('a')
    await noted(1)
    const release = held.stall('commit')
    append('b')
    await expect.poll(texts).toEqual(['a', 'b'])
    await clock.advance(4000)
    expect(notes).toEqual(['a kept 1', 'b unavailable'])
    await redis.empty()
    release()
    await noted(3)
    // Its answer had come before, so it is as good as kept: the next commit finds what is lost.
    expect(notes[2]).toBe('b late 2')
    append('c')
    await noted(4)
    expect(await texts()).toEqual(['a', 'b', 'c'])
  })
})
