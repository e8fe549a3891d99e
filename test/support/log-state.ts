/** What every log must do with storage and alarms, and with what is erased; `logs.ts` runs it with the rest. */
import { describe, expect, it } from 'vitest'
import type { Changes, Retention } from '../../src/log/log.ts'
import { draft, type LogFactory, LogUnderTest, RETENTION, seqs } from './log-under-test.ts'

const DAY_MS = 86_400_000

const storage = (values: Record<string, string | Uint8Array | undefined>): Changes => ({
  storage: new Map(Object.entries(values)),
})
const alarms = (values: Record<string, number | undefined>): Changes => ({ alarms: new Map(Object.entries(values)) })

export function describeState(name: string, factory: () => LogFactory): void {
  describe(`the ${name} log, with storage and alarms`, () => {
    const tested = new LogUnderTest(factory)
    const { clock } = tested
    const open: LogUnderTest['open'] = (...which) => tested.open(...which)
    /** Closes the room and opens it again, after a restart if the log keeps anything over one. */
    const reopened = async (room: { close(): Promise<void> }, retention: Partial<Retention> = {}) => {
      await room.close()
      await tested.restart()
      return open(retention)
    }

    it('gives back the storage and the alarms as they were kept, once', async () => {
      const room = await open()
      expect(room.takeState()).toEqual({ storage: new Map(), alarms: new Map() })
      const bytes = new Uint8Array([0, 255, 7])
      await room.append([draft('a')], [], {
        storage: new Map<string, string | Uint8Array>([
          ['question', '"why"'],
          ['page/1', bytes],
          ['gone', '1'],
          ['a\u0000b', '"\\u0000"'],
        ]),
        alarms: new Map([
          ['close', 5000],
          ['no', 1],
        ]),
      })
      await room.append([], [], { ...storage({ gone: undefined, question: '"how"' }), ...alarms({ no: undefined }) })
      const again = await reopened(room)
      expect(again.seq).toBe(1)
      const state = again.takeState()
      expect([...state.storage].sort()).toEqual([
        ['a\u0000b', '"\\u0000"'],
        ['page/1', bytes],
        ['question', '"how"'],
      ])
      expect(state.alarms).toEqual(new Map([['close', 5000]]))
    })

    it('keeps changes with nothing else, and each room’s apart', async () => {
      const room = await open()
      const other = await open({}, '/other')
      await Promise.all([room.append([], [], storage({ a: '1' })), other.append([], [], storage({ a: '2' }))])
      await other.close()
      const again = await reopened(room)
      expect([...again.takeState().storage]).toEqual([['a', '1']])
      expect([...(await open({}, '/other')).takeState().storage]).toEqual([['a', '2']])
    })

    it('keeps the last of many changes that come at once', async () => {
      const room = await open()
      const last = Array.from({ length: 100 }, (_, n) => room.append([draft('')], [], storage({ n: String(n) })))
      await Promise.all([
        ...last,
        room.append([], [], storage({ m: '1' })),
        room.append([], [], storage({ m: undefined })),
      ])
      const again = await reopened(room)
      expect([...again.takeState().storage]).toEqual([['n', '99']])
    })

    it('lists the rooms with alarms by their earliest, open or not, page by page', async () => {
      for (const [path, changes] of Object.entries({
        '/a': { x: 300, y: 900 },
        '/b': { x: 100 },
        '/c': { x: 300 },
        '/d': { x: 50, y: undefined },
      })) {
        const room = await open({}, path)
        await room.append([], [], alarms(changes))
        if (path !== '/b') await room.close()
      }
      const d = await open({}, '/d')
      await d.append([], [], alarms({ x: undefined }))
      const log = await tested.log()
      const all = [
        { path: '/b', at: 100 },
        { path: '/a', at: 300 },
        { path: '/c', at: 300 },
      ]
      expect(await log.alarms(10)).toEqual(all)
      expect(await log.alarms(1)).toEqual(all.slice(0, 1))
      expect(await log.alarms(1, all[1])).toEqual(all.slice(2))
      if (await tested.restart()) expect(await (await tested.log()).alarms(10)).toEqual(all)
    })

    it('says what is kept of rooms that are not open', async () => {
      const room = await open()
      await room.append([draft('a')], [], { ...storage({ k: '"é"', bytes: new Uint8Array(9) }), ...alarms({ x: 7 }) })
      await room.close()
      await (await open({}, '/nothing')).close()
      const other = await open({}, '/other')
      await other.append([draft('a'), draft('b')])
      const log = await tested.log()
      const first = { path: '/room', seq: 1, storageBytes: 1 + 4 + 5 + 9, alarms: 1 }
      const second = { path: '/other', seq: 2, storageBytes: 0, alarms: 0 }
      expect(await log.rooms(10)).toEqual([second, first])
      expect(await log.rooms(10, '/other')).toEqual([first])
      expect(await log.rooms(1)).toEqual([second])
      expect(await log.contents('/room')).toEqual({
        storage: [
          { key: 'bytes', bytes: 14 },
          { key: 'k', bytes: 5 },
        ],
        alarms: [{ name: 'x', at: 7 }],
      })
      expect(await log.contents('/never')).toBeUndefined()
    })

    it('keeps a room with storage or alarms, however old it is', async () => {
      const room = await open({ maxAgeMs: 1000 })
      await room.append([draft('a')], [], storage({ a: '1' }))
      await room.close()
      const other = await open({ maxAgeMs: 1000 }, '/other')
      await other.append([draft('a')], [], alarms({ x: 5 }))
      await other.close()
      await clock.advance(30 * DAY_MS)
      const again = await open({ maxAgeMs: 1000 })
      expect([again.first, again.seq]).toEqual([2, 1])
      expect([...again.takeState().storage]).toEqual([['a', '1']])
      expect([...(await open({ maxAgeMs: 1000 }, '/other')).takeState().alarms]).toEqual([['x', 5]])
    })

    it('has a secret of its own, which it keeps', async () => {
      const { key } = await tested.log()
      expect(key).toHaveLength(32)
      if (await tested.restart()) expect(Buffer.from((await tested.log()).key)).toEqual(Buffer.from(key))
    })

    it('erases the type and the data of an event, wherever it is read', async () => {
      const room = await open({ keep: 20_000 })
      await room.append(Array.from({ length: 11_000 }, (_, n) => draft(`${n + 1}`)))
      await room.append([draft('secret')], [{ client: 'ann', id: '1', hash: 'h', draft: 0 }])
      // One on disk alone, read lately; one in memory.
      expect((await room.read(4, 1))[0]).toMatchObject({ data: draft('5').data })
      await room.append([{ type: 'redacted', data: '{"seq":5}' }], [], { redacted: [5, 11_001] })
      const placeOf = (seq: number) => ({ type: 'redacted', data: `{"seq":${seq}}`, seq, time: clock.now() })
      const check = async (each: typeof room) => {
        expect((await each.read(3, 3)).map(({ type }) => type)).toEqual(['message', 'redacted', 'message'])
        expect((await each.read(4, 1))[0]).toMatchObject(placeOf(5))
        expect((await each.read(11_000, 10))[0]).toMatchObject(placeOf(11_001))
        expect(await each.recall('ann', '1')).toMatchObject({ hash: '', seq: undefined })
      }
      await check(room)
      await check(await reopened(room, { keep: 20_000 }))
    })

    it('clears the history: the numbers go on, and older offsets are answered `cleared`', async () => {
      const room = await open()
      await room.append([draft('a'), draft('b')], [], storage({ a: '1' }))
      const { epoch } = room
      await Promise.all([
        room.append([draft('c')]),
        room.append([draft('d')], [], { clearsHistory: true }),
        room.append([draft('e')]),
      ])
      const cleared = room.epoch
      const check = async (each: typeof room) => {
        expect([each.first, each.seq]).toEqual([4, 5])
        expect(seqs(await each.read(0, 10))).toEqual([4, 5])
        for (const seq of [0, 2, 3]) expect(each.locate(epoch, seq)).toEqual({ lost: 'cleared' })
        expect(each.locate(cleared, 4)).toEqual({ after: 4 })
        expect(each.epoch > epoch).toBe(true)
      }
      await check(room)
      const again = await reopened(room)
      await check(again)
      expect([...again.takeState().storage]).toEqual([['a', '1']])
    })

    it('clears a history again and again, also one that is empty', async () => {
      const room = await open()
      const epochs = [room.epoch]
      for (let time = 0; time < 3; time += 1) {
        await Promise.all([room.append([], [], { clearsHistory: true }), room.append([], [], { clearsHistory: true })])
        epochs.push(room.epoch)
        if (time > 0) await room.append([draft('a')])
      }
      const again = await reopened(room)
      expect([again.first, again.seq]).toEqual([2, 2])
      expect(new Set(epochs).size).toBe(4)
      for (const epoch of epochs.slice(0, -1)) expect(again.locate(epoch, 0)).toEqual({ lost: 'cleared' })
      expect(again.locate(epochs.at(-1) ?? '', 2)).toEqual({ after: 2 })
    })

    it('erases a room: nothing of it is left but that older offsets are answered `cleared`', async () => {
      for (const isOpen of [true, false]) {
        const room = await open()
        await room.append([draft('a')], [{ client: 'ann', id: '1', hash: 'h' }], storage({ a: '1' }))
        await room.append([], [], alarms({ x: 5 }))
        await room.append([], [{ producer: 'p', epoch: 0, seq: 4 }])
        const { epoch } = room
        if (!isOpen) await room.close()
        const log = await tested.log()
        expect(await log.erase('/room')).toBe(true)
        await expect(room.append([draft('late')])).rejects.toMatchObject({ code: 'unavailable' })
        expect(await log.alarms(10)).toEqual([])
        expect(await log.rooms(10)).toEqual([])
        const check = async (each: typeof room) => {
          expect(await each.read(0, 10)).toEqual([])
          expect(each.locate(epoch, room.seq)).toEqual({ lost: 'cleared' })
          expect(each.takeState()).toEqual({ storage: new Map(), alarms: new Map() })
          expect(await each.recall('ann', '1')).toBeUndefined()
          expect(await each.producer('p')).toBeUndefined()
        }
        const again = await open()
        await check(again)
        const last = await reopened(again)
        await check(last)
        await last.close()
      }
      expect(await (await tested.log()).erase('/never')).toBe(false)
    })

    it('forgets a room that nobody has used for as long as its settings say', async () => {
      const forgetting = { ...RETENTION, forgetAfterMs: 10 * DAY_MS }
      const room = await open(forgetting)
      await room.append([draft('a')], [], { ...storage({ a: '1' }), ...alarms({ x: 5 }) })
      await clock.advance(20 * DAY_MS)
      await room.close()
      await clock.advance(9 * DAY_MS)
      expect([...(await open(forgetting)).takeState().storage]).toEqual([['a', '1']])
      const again = await reopened(room)
      await again.append([draft('b')], [], storage({ a: '1' }))
      const log = await tested.log()
      const left = await open(forgetting, '/left')
      await left.append([], [], storage({ a: '1' }))
      await left.close()
      await clock.advance(11 * DAY_MS)
      await expect.poll(() => log.rooms(10)).toMatchObject([{ path: '/room' }])
      expect((await open(forgetting, '/left')).takeState().storage.size).toBe(0)
    })
  })
}
