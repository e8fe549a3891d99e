/** Ids of messages over a backup of the Redis log: a restored log knows of them what that log knew. */
import { describe, expect, it } from 'vitest'
import type { IdempotencyKey } from '../../src/log/log.ts'
import { need } from '../support/components.ts'
import { draft } from '../support/log-under-test.ts'
import { uuidAt } from '../support/logs.ts'
import { HOUR_MS, RestoreStage } from '../support/restore-stage.ts'

const HASH = 'aB3_-dEfGhIjKlMnOpQrSt'
const command = need('redis')

const key = (id: string, more: object = {}): IdempotencyKey => ({ client: 'ann', id, hash: HASH, draft: 0, ...more })

describe.skipIf(!command)('a log that was restored from a backup of Redis', () => {
  const stage = new RestoreStage(command ?? '')

  it('knows every id, however many, and answers a retry as it was answered', async () => {
    const log = await stage.live()
    const room = await stage.open(log)
    const error = { code: 'mine', message: 'no, not so' }
    for (let batch = 0; batch < 30; batch += 1)
      await room.append(
        [draft('a')],
        Array.from({ length: 200 }, (_, n) => key(`${batch} ${n}`, { client: `c ${n % 7}` })),
      )
    await room.append([draft('b')], [key('event'), key('silent', { draft: undefined }), key('wrong', { error })])
    const copy = await stage.restored(log)
    const again = await stage.open(copy)
    for (let batch = 0; batch < 30; batch += 7)
      for (let n = 0; n < 200; n += 9)
        expect(await again.recall(`c ${n % 7}`, `${batch} ${n}`)).toMatchObject({ seq: batch + 1 })
    expect(await again.recall('ann', 'event')).toEqual({ hash: HASH.slice(0, 12), seq: 31 })
    expect(await again.recall('ann', 'silent')).toEqual({ hash: HASH.slice(0, 12) })
    expect(await again.recall('ann', 'wrong')).toEqual({ hash: HASH.slice(0, 12), seq: 31, error })
    for (const [client, id] of [
      ['ann', '0 0'],
      ['c 0', 'new'],
      ['nobody', 'event'],
    ] as const)
      expect(await again.recall(client, id)).toBeUndefined()
    // They fill the room as they did.
    await again.close()
    const full = await stage.open(copy, '/room', { ids: 6004 })
    expect(await full.append([], [key('one more', { draft: undefined })])).toBe(31)
    await expect(full.append([], [key('too much', { draft: undefined })])).rejects.toThrow('limits.ids')
    expect(await full.recall('ann', 'one more')).toMatchObject({ hash: HASH })
  })

  it('forgets ids when their day is over, and knows then that they may have been used', async () => {
    const log = await stage.live()
    const room = await stage.open(log, '/room', { keep: 1 })
    const [early, late] = [uuidAt(stage.clock.now() - 5000), uuidAt(stage.clock.now() - 1000)]
    await room.append([draft('a')], [key(early), key('timeless')])
    await stage.clock.advance(HOUR_MS)
    await room.append([draft('b')], [key(late)])
    const copy = await stage.restored(log)
    const again = await stage.open(copy, '/room', { keep: 1 })
    expect(await again.recall('ann', uuidAt(stage.clock.now() - HOUR_MS - 3000))).toBeUndefined()
    await stage.clock.advance(22 * HOUR_MS)
    for (const id of [early, late, 'timeless'])
      expect(await again.recall('ann', id)).toMatchObject({ seq: id === late ? 2 : 1 })
    await stage.clock.advance(3 * HOUR_MS)
    await again.append([draft('c')])
    await again.close()
    const last = await stage.open(copy, '/room', { keep: 1 })
    expect(await last.recall('ann', early)).toBe('forgotten')
    expect(await last.recall('ann', late)).toBe('forgotten')
    expect(await last.recall('ann', uuidAt(stage.clock.now()))).toBeUndefined()
    expect(await last.recall('ann', 'timeless')).toBeUndefined()
    expect(await last.recall('ben', late)).toBeUndefined()
  })

  it('knows what was forgotten before', async () => {
    const log = await stage.live()
    const room = await stage.open(log, '/room', { keep: 1 })
    const old = uuidAt(stage.clock.now() - 1000)
    await room.append([draft('a')], [key(old)])
    for (let hour = 0; hour < 50; hour += 10) {
      await stage.clock.advance(10 * HOUR_MS)
      for (let n = 0; n < 101; n += 1) await room.append([draft('b')], [key(`${hour} ${n}`)])
    }
    await stage.clock.advance(HOUR_MS)
    expect(await room.recall('ann', old)).toBe('forgotten')
    const again = await stage.open(await stage.restored(log), '/room', { keep: 1 })
    expect(await again.recall('ann', old)).toBe('forgotten')
    expect(await again.recall('ann', uuidAt(stage.clock.now()))).toBeUndefined()
  })

  it('says nothing of what is redacted after a restore', async () => {
    const log = await stage.live()
    const room = await stage.open(log)
    await room.append([draft('a'), draft('b')], [key('1'), key('2', { draft: 1 })])
    const again = await stage.open(await stage.restored(log))
    await again.append([{ type: 'redacted', data: '{"seq":1}' }], [], { redacted: [1] })
    expect(await again.recall('ann', '1')).toEqual({ hash: '' })
    expect(await again.recall('ann', '2')).toMatchObject({ seq: 2 })
  })
})
