/**
 * The next commit of a room is on its way while the entries of the one before are told: Redis and the server work at one
 * time. In whatever way the next one ends, those before it have ended first, and well.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import type { RoomLog } from '../../src/log/log.ts'
import { RedisLog } from '../../src/log/redis/redis.ts'
import type { RedisCalls } from '../../src/log/redis/redis-calls.ts'
import { systemRandom } from '../../src/random.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { draft } from '../support/log-under-test.ts'
import { ModelClient } from '../support/redis-model/model-client.ts'
import { ModelHost } from '../support/redis-model/model-host.ts'
import { RedisModel } from '../support/redis-model/redis-model.ts'
import { wrappedLog } from '../support/wrapped-log.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
/** As many events as go into one commit. */
const MOST = 256

describe('two commits of a room', () => {
  let clock: HandClock
  let room: RoomLog & { giveUp?(reason: string): void }
  let notes: string[]
  /** Called when a commit is said. */
  let said: () => void

  beforeEach(async () => {
    clock = handClock()
    notes = []
    said = () => {}
    const host = new ModelHost(new RedisModel({ clock }))
    const client: RedisCalls = new ModelClient(clock, host)
    const calls = wrappedLog(client, {
      run(script, ...rest) {
        if (script.name === 'commit') {
          notes.push('said')
          said()
        }
        return client.run(script, ...rest)
      },
    })
    const health = {
      trouble: undefined,
      kept: 'fsync' as const,
      runIds: [host.model.runId],
      warnings: [],
      failure: '',
      wasReached: true,
    }
    const log = await RedisLog.open({ calls, health, clock, random: systemRandom(), logger: silent })
    room = await log.open('/room', { keep: 1000, maxAgeMs: 1e12, durable: true }, () => void notes.push('lost'))
    // It begins an epoch: what follows that is not said before it is told.
    append('first')
    await ended(1)
    notes.length = 0
  })

  const append = (name: string, id = name) =>
    room.append({
      drafts: [draft(name)],
      keys: [{ client: 'ann', id, hash: 'h', draft: 0 }],
      changes: undefined,
      size: 0,
      kept: ([frame]) => void notes.push(`${name} kept ${frame?.seq}`),
      failed: ({ code }) => void notes.push(`${name} ${code}`),
    })
  const ends = () => notes.filter((note) => note !== 'said' && note !== 'lost')
  const ended = (count: number) => expect.poll(() => ends().length).toBe(count)
  const keptIn = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => `${from + index} kept ${from + index + 2}`)

  it('are said one after the other, the second before what is in the first is told', async () => {
    for (let each = 0; each < MOST + 2; each += 1) append(`${each}`)
    await ended(MOST + 2)
    expect(notes).toEqual(['said', 'said', ...keptIn(0, MOST + 2)])
    expect((await room.read(MOST, 10)).map(({ seq }) => seq)).toEqual([MOST + 1, MOST + 2, MOST + 3])
  })

  it('end in their order if the room is given up when the second is said', async () => {
    for (let each = 0; each < MOST; each += 1) append(`${each}`)
    append('second')
    said = () => {
      if (ends().length === 0 && notes.length === 2) room.giveUp?.('the server ends')
    }
    await ended(MOST + 1)
    expect(notes).toEqual(['said', 'said', ...keptIn(0, MOST), 'second unavailable'])
  })

  it('end in their order if an id of the second is kept already', async () => {
    for (let each = 0; each < MOST; each += 1) append(`${each}`)
    append('second', 'first')
    append('third')
    await ended(MOST + 2)
    expect(ends()).toEqual([...keptIn(0, MOST), 'second unavailable', 'third unavailable'])
  })
})
