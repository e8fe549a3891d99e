/** What every log must do over the lives of a process and of a room, and if delivery fails; `logs.ts` runs it with the rest. */
import { describe, expect, it } from 'vitest'
import type { RoomLogger } from '../../src/define.ts'
import { draft, type LogFactory, LogUnderTest } from './log-under-test.ts'

const _QUIET: RoomLogger = { debug() {}, info() {}, warn() {}, error() {} }

export function describeLives(name: string, factory: () => LogFactory): void {
  describe(`the ${name} log, opened again and again`, () => {
    const tested = new LogUnderTest(factory)
    const { clock } = tested
    const open: LogUnderTest['open'] = (...which) => tested.open(...which)

    it('resumes what was handed out while nothing was appended, however often the room is opened again', async () => {
      const before = await open()
      const offsets = [before.epoch]
      await before.close()
      const again = await open()
      offsets.push(again.epoch)
      for (const epoch of offsets) expect(again.locate(epoch, 0)).toEqual({ after: 0 })
      await again.append([draft('a')])
      expect(await (await tested.log()).peek('/room')).toMatchObject({ epoch: again.epoch, seq: 1 })
      for (const epoch of offsets) expect(again.locate(epoch, 0)).toEqual({ after: 0 })
      const other = await open({}, '/other')
      for (const epoch of offsets) expect(other.locate(epoch, 0)).toEqual({ lost: 'epoch' })
    })

    it('resumes what was handed out in lives in which nothing was appended', async () => {
      const first = await open()
      await first.append([draft('a')])
      await first.append([draft('b')])
      const epochs = [first.epoch]
      for (let life = 0; life < 3; life += 1) {
        await (await open()).close()
        if (!(await tested.restart())) return
        await clock.advance(1000)
        const silent = await open()
        epochs.push(silent.epoch)
        for (const epoch of epochs) {
          expect(silent.locate(epoch, 2)).toEqual({ after: 2 })
          expect(silent.locate(epoch, 0)).toEqual({ after: 0 })
        }
      }
      expect([...epochs].sort()).toEqual(epochs)
      const room = await open()
      await room.append([draft('c')])
      for (const epoch of epochs.slice(0, -1)) {
        expect(room.locate(epoch, 2)).toEqual({ after: 2 })
        expect(room.locate(epoch, 3)).toEqual({ lost: 'truncated' })
      }
      expect(room.locate(room.epoch, 3)).toEqual({ after: 3 })
    })

    it('does not erase what reports that an event was erased: who resumes must hear of it', async () => {
      const room = await open()
      const notice = { type: 'redacted', data: '{"seq":1}' }
      await room.append([draft('a')])
      await room.append([notice], [], { redacted: [1] })
      await room.append([{ type: 'redacted', data: '{"seq":2}' }], [], { redacted: [2] })
      expect((await room.read(0, 2)).map(({ data }) => data)).toEqual([notice.data, notice.data])
      await room.close()
      await tested.restart()
      expect((await (await open()).read(0, 2)).map(({ data }) => data)).toEqual([notice.data, notice.data])
    })
  })
}
