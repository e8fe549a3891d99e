/** What every log must do with the ids it remembers when they are as many as it may; `logs.ts` runs it. */
import { describe, expect, it } from 'vitest'
import type { IdempotencyKey, Retention } from '../../src/log/log.ts'
import { draft, type LogFactory, LogUnderTest } from './log-under-test.ts'
import { PATIENCE_MS } from './patience.ts'

const HOUR_MS = 3_600_000

const key = (id: string) => ({ client: 'ann', id, hash: 'h', draft: 0 })
const FULL = { code: 'unavailable', message: expect.stringContaining('limits.ids') }

export function describeIds(name: string, factory: () => LogFactory): void {
  describe(`the ids that the ${name} log remembers`, () => {
    const tested = new LogUnderTest(factory)
    const open = (retention: Partial<Retention> = {}) => tested.open({ ids: 3, ...retention })
    type Room = Awaited<ReturnType<typeof open>>
    const say = (room: Room, ...keys: IdempotencyKey[]) => room.append([draft('a')], keys)
    const fill = async (room: Room) => {
      for (const id of ['1', '2', '3']) await say(room, key(id))
    }

    it('are as many as it may: a further one is refused with all that came with it', async () => {
      const room = await open()
      await fill(room)
      await expect(say(room, key('4'))).rejects.toMatchObject(FULL)
      expect(await room.recall('ann', '4')).toBeUndefined()
      expect(room.seq).toBe(3)
    })

    it('let pass what adds none: no id, what is added to one that is known, a producer', async () => {
      const room = await open()
      await fill(room)
      expect(await say(room)).toBe(4)
      const error = { code: 'mine', message: 'no' }
      await room.append([], [{ ...key('1'), draft: undefined, error, isUpdate: true }])
      expect(await room.recall('ann', '1')).toMatchObject({ hash: 'h', seq: 1, error })
      expect(await say(room, { producer: 'p', epoch: 0, seq: 0 })).toBe(5)
      await expect(say(room, key('4'))).rejects.toMatchObject(FULL)
    })

    it('are counted with those that are being kept, and a batch is taken whole or not at all', async () => {
      const room = await open()
      const said = ['1', '2'].map((id) => say(room, key(id)))
      const both = say(room, key('3'), key('4'))
      const last = say(room, key('5'))
      expect(await Promise.allSettled([...said, both, last])).toMatchObject([
        { value: 1 },
        { value: 2 },
        { reason: FULL },
        { value: 3 },
      ])
      await expect(say(room, key('6'))).rejects.toMatchObject(FULL)
    })

    it('are counted anew when the room is opened again, also after a restart', async () => {
      const room = await open()
      await fill(room)
      await room.close()
      const again = await open()
      await expect(say(again, key('4'))).rejects.toMatchObject(FULL)
      await again.close()
      const larger = await open({ ids: 4 })
      expect(await say(larger, key('4'))).toBe(4)
      await larger.close()
      if (!(await tested.restart())) return
      await expect(say(await open({ ids: 4 }), key('5'))).rejects.toMatchObject(FULL)
    })

    it('make room for others when they are forgotten', async () => {
      const room = await open({ keep: 1 })
      await fill(room)
      await tested.clock.advance(25 * HOUR_MS)
      // The newest event is kept, and its id with it.
      await say(room)
      // A sweep that is still busy when the next is due leaves that one out.
      const sayLater = () => tested.clock.advance(HOUR_MS).then(() => say(room, key('4')).catch(() => 'full'))
      await expect.poll(sayLater, { timeout: PATIENCE_MS }).not.toBe('full')
      for (const id of ['5', '6']) await say(room, key(id))
      await expect(say(room, key('7'))).rejects.toMatchObject(FULL)
    })
  })
}
