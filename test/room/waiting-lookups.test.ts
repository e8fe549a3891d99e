/** Messages that wait for their turn while the log is asked for their ids: all at once, and what it answered is not used too late. */
import { describe, expect, it, vi } from 'vitest'
import { TestWire } from '../../src/testing/test-wire.ts'
import { clientOf, openMoodyRoom } from '../support/moody-room.ts'

const message = (type: string, id: string, data: unknown = 1) => JSON.stringify({ type, data, id })

describe('messages of a peer whose ids the log has to be asked for', () => {
  it('do not wait for one answer after the other, and are handled in their order', async () => {
    let asked = 0
    const { room, clock } = await openMoodyRoom((call) => {
      if (call !== 'recall' || asked === 10) return undefined
      asked += 1
      // The later answers come first.
      return { delayMs: 1000 - 50 * asked, isBroken: false }
    })
    const ann = room.join(clientOf('ann'), new TestWire([]), undefined)
    const ids = Array.from({ length: 10 }, (_, at) => String(at))
    for (const id of ids) ann.receive(message('say', id))
    await clock.advance(1000)
    expect([asked, room.roomLog.seq]).toEqual([10, 10])
    const seqs = await Promise.all(ids.map(async (id) => (await room.roomLog.recall('ann', id)) as { seq: number }))
    expect(seqs.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('are asked for again, if one of that id was handled on another connection meanwhile', async () => {
    const delays = [2000, 1000]
    const { room, clock } = await openMoodyRoom((call) => {
      const delayMs = call === 'recall' ? delays.shift() : undefined
      return delayMs === undefined ? undefined : { delayMs, isBroken: false }
    })
    const ann = room.join(clientOf('ann'), new TestWire([]), undefined)
    ann.receive(message('say', '1'))
    ann.receive(message('say', '2'))
    void room.anonymousSender(clientOf('ann')).post([{ type: 'say', data: 1, id: '2' }])
    await clock.advance(1500)
    expect([delays, room.roomLog.seq]).toEqual([[], 1])
    await clock.advance(1000)
    // A third event would be of the second message once more.
    expect(room.roomLog.seq).toBe(2)
  })

  it('are forgotten with their peer', async () => {
    const { room, clock } = await openMoodyRoom((call) =>
      call === 'recall' ? { delayMs: 1000, isBroken: false } : undefined,
    )
    const ann = room.join(clientOf('ann'), new TestWire([]), undefined)
    ann.receive(message('say', '1'))
    ann.receive(message('say', '2'))
    ann.gone(false)
    await clock.advance(1000)
    // What the log answered for it then is not taken for the next: it asks again.
    const asks = vi.spyOn(room.roomLog, 'recall')
    void room.anonymousSender(clientOf('ann')).post([{ type: 'say', data: 1, id: '2' }])
    expect(asks).toHaveBeenCalledOnce()
    await clock.advance(1000)
  })
})
