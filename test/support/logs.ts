/**
 * What every log must do, whatever it keeps its events in. A file of three lines runs this for each implementation.
 */
import { describe, expect, it } from 'vitest'
import { Frame } from '../../src/delivery/frame.ts'
import { describeIds } from './log-ids.ts'
import { describeLives } from './log-lives.ts'
import { describeOrder } from './log-order.ts'
import { describeState } from './log-state.ts'
import { draft, type LogFactory, LogUnderTest, seqs } from './log-under-test.ts'
import { PATIENCE_MS } from './patience.ts'

const HOUR_MS = 3_600_000

const texts = (frames: readonly Frame[]) => frames.map(({ data }) => JSON.parse(String(data)).text)

export function describeLog(name: string, factory: () => LogFactory): void {
  describe(`the ${name} log`, () => {
    const tested = new LogUnderTest(factory)
    const { clock, heard } = tested
    const open: LogUnderTest['open'] = (...which) => tested.open(...which)

    it('begins empty: the oldest kept is the one after the newest', async () => {
      const room = await open()
      expect([room.first, room.seq]).toEqual([1, 0])
      expect(room.epoch).toMatch(/^[0-9a-f]{32}$/)
      expect(await room.read(0, 10)).toEqual([])
    })

    it('numbers without a hole, delivers in that order, and gives back what it kept', async () => {
      const room = await open()
      const first = await Promise.all(['a', 'b', 'c'].map((text) => room.append([draft(text)])))
      expect(first).toEqual([1, 2, 3])
      expect(texts(heard)).toEqual(['a', 'b', 'c'])
      expect(texts(await room.read(1, 10))).toEqual(['b', 'c'])
      expect(texts(await room.read(0, 2))).toEqual(['a', 'b'])
    })

    it('gives a page that is bounded by bytes as it is by events; a single event may be larger', async () => {
      const room = await open()
      const small = JSON.stringify({ text: 'é'.repeat(20_000) })
      await room.append(Array.from({ length: 10 }, () => ({ type: 'message', data: small })))
      await room.append([{ type: 'message', data: JSON.stringify('x'.repeat(300_000)) }])
      const bytes = (frames: readonly Frame[]) => frames.reduce((sum, { size }) => sum + size, 0)
      const first = await room.read(0, 500)
      expect([seqs(first), bytes(first) <= 128 * 1024]).toEqual([[1, 2, 3], true])
      expect(seqs(await room.read(3, 2))).toEqual([4, 5])
      expect(seqs(await room.read(3, 500, 50_000))).toEqual([4])
      expect(seqs(await room.read(10, 500))).toEqual([11])
    })

    it('appends many in one step, next to each other', async () => {
      const room = await open()
      const [a, b] = await Promise.all([room.append([draft('a'), draft('b')]), room.append([draft('c')])])
      expect([a, b]).toEqual([1, 3])
      expect(texts(heard)).toEqual(['a', 'b', 'c'])
    })

    it('has delivered an event before it reports it as kept', async () => {
      const room = await open()
      const seq = await room.append([draft('a')])
      expect(seqs(heard)).toEqual([seq])
      expect(room.seq).toBe(seq)
    })

    it('carries what is not kept in the same order, and forgets it', async () => {
      const room = await open()
      const kept = room.append([draft('a')])
      room.carry(new Frame('typing', '{}'))
      const last = room.append([draft('b')])
      await Promise.all([kept, last])
      expect(heard.map(({ seq }) => seq)).toEqual([1, 0, 2])
      expect(seqs(await room.read(0, 10))).toEqual([1, 2])
    })

    it('keeps rooms apart', async () => {
      const one = await open()
      const two = await open({}, '/other')
      await Promise.all([one.append([draft('a')]), two.append([draft('b')])])
      expect([one.seq, two.seq]).toEqual([1, 1])
      expect(texts(await two.read(0, 10))).toEqual(['b'])
    })

    it('keeps the newest by count', async () => {
      const room = await open({ keep: 10 })
      for (let i = 1; i <= 50; i += 1) await room.append([draft(String(i))])
      expect([room.first, room.seq]).toEqual([41, 50])
      expect(seqs(await room.read(0, 100))).toEqual(Array.from({ length: 10 }, (_, i) => 41 + i))
    })

    it('forgets what is too old, when the room is opened and while it is open', async () => {
      const room = await open({ maxAgeMs: HOUR_MS })
      await room.append([draft('old')])
      await clock.advance(2 * HOUR_MS)
      await room.append([draft('new')])
      await room.close()
      const again = await open({ maxAgeMs: HOUR_MS })
      expect(again.first).toBe(2)
      expect(texts(await again.read(0, 10))).toEqual(['new'])
    })

    it('knows where a client may resume', async () => {
      const room = await open({ keep: 5 })
      for (let i = 1; i <= 12; i += 1) await room.append([draft(String(i))])
      expect(room.locate(room.epoch, 12)).toEqual({ after: 12 })
      expect(room.locate(room.epoch, 7)).toEqual({ after: 7 })
      expect(room.locate(room.epoch, 6)).toEqual({ lost: 'trimmed' })
      expect(room.locate(room.epoch, 13)).toEqual({ lost: 'ahead' })
      expect(room.locate('0'.repeat(32), 12)).toEqual({ lost: 'epoch' })
    })

    it('remembers the answer to a client’s message with its event, and each client’s ids apart', async () => {
      const room = await open()
      await room.append([draft('a'), draft('b')], [{ client: 'ann', id: '1', hash: 'h', draft: 1 }])
      await room.append([], [{ client: 'ann', id: '2', hash: 'i' }])
      expect(await room.recall('ann', '1')).toMatchObject({ hash: 'h', seq: 2 })
      expect(await room.recall('ann', '2')).toMatchObject({ hash: 'i', seq: undefined })
      expect(await room.recall('ben', '1')).toBeUndefined()
      expect(await room.recall('an', 'n1')).toBeUndefined()
    })

    it('knows by its hash, of which it may keep the beginning, whether a message is the same', async () => {
      const room = await open()
      const hashes = ['aB3_-dEfGhIjKlMnOpQrSt', 'zB3_-dEfGhIjKlMnOpQrSt']
      await room.append(
        [draft('a')],
        hashes.map((hash, id) => ({ client: 'ann', id: String(id), hash, draft: 0 })),
      )
      for (const [id, hash] of hashes.entries()) {
        const known = await room.recall('ann', String(id))
        expect(known).toMatchObject({ hash: expect.stringMatching(/^[\w-]{12,22}$/) })
        expect(known).toSatisfy((answer) => hash.startsWith(answer.hash))
      }
    })

    it('remembers an answer for a day, and as long as its event', async () => {
      const room = await open({ keep: 1 })
      await room.append([draft('a')], [{ client: 'ann', id: 'gone', hash: 'h', draft: 0 }])
      await room.append([draft('b')], [{ client: 'ann', id: 'kept', hash: 'h', draft: 0 }])
      await clock.advance(23 * HOUR_MS)
      expect(await room.recall('ann', 'gone')).toBeDefined()
      await clock.advance(48 * HOUR_MS)
      expect(await room.recall('ann', 'kept')).toBeDefined()
    })

    it('reports an id as possibly forgotten by the clock of the client alone', async () => {
      const room = await open({ keep: 1 })
      const year = 365 * 24 * HOUR_MS
      const id = (ms: number) => uuidAt(clock.now() - year + ms)
      await room.append([draft('a')], [{ client: 'ann', id: id(1000), hash: 'h', draft: 0 }])
      await room.append([draft('b')], [{ client: 'ann', id: id(500), hash: 'h', draft: 0 }])
      const [first, second, later] = [id(1000), id(500), id(1001)]
      await clock.advance(25 * HOUR_MS)
      await room.append([draft('c')])
      await room.close()
      const again = await open({ keep: 1 })
      expect(await again.recall('ann', first)).toBe('forgotten')
      expect(await again.recall('ann', second)).toBe('forgotten')
      expect(await again.recall('ann', later)).toBeUndefined()
      expect(await again.recall('ann', 'no time')).toBeUndefined()
      expect(await again.recall('ben', first)).toBeUndefined()
    })

    it('reports an id as possibly forgotten that was forgotten while the room was open', async () => {
      const room = await open({ maxAgeMs: HOUR_MS })
      const ids = [1, 2, 3].map((ms) => uuidAt(clock.now() + ms))
      for (const id of ids) await room.append([draft('a')], [{ client: 'ann', id, hash: 'h', draft: 0 }])
      expect(await room.recall('ann', ids[1] ?? '')).toMatchObject({ seq: 2 })
      await clock.advance(50 * HOUR_MS)
      const later = async () => {
        await clock.advance(HOUR_MS)
        await room.append([draft('b')])
        return [await room.recall('ann', ids[1] ?? ''), await room.recall('ben', ids[1] ?? '')]
      }
      await expect.poll(later, { timeout: PATIENCE_MS }).toEqual(['forgotten', undefined])
    })

    it('remembers thousands of ids of one client', async () => {
      const room = await open()
      const keys = Array.from({ length: 3000 }, (_, i) => ({ client: 'ann', id: String(i), hash: 'h', draft: 0 }))
      for (const key of keys) void room.append([draft(key.id)], [key])
      await room.append([draft('last')])
      for (const id of ['0', '1', '1500', '2999']) {
        expect(await room.recall('ann', id)).toMatchObject({ hash: 'h', seq: Number(id) + 1 })
      }
    })

    it('knows the state of a producer', async () => {
      const room = await open()
      expect(await room.producer('p')).toBeUndefined()
      await room.append([draft('a')], [{ producer: 'p', epoch: 0, seq: 4 }])
      await room.append([draft('b')], [{ producer: 'p', epoch: 1, seq: 0 }])
      expect(await room.producer('p')).toMatchObject({ epoch: 1, seq: 0 })
    })

    it('gives the span of a room without opening it', async () => {
      const room = await open()
      await room.append([draft('a')])
      const { epoch } = room
      await room.close()
      expect(await (await tested.log()).peek('/room')).toMatchObject({ epoch, first: 1, seq: 1 })
      expect(await (await tested.log()).peek('/never')).toBeUndefined()
    })

    it('goes on after a restart: events, answers, and offsets of before', async () => {
      const before = await open()
      await before.append([draft('a')], [{ client: 'ann', id: '1', hash: 'h', draft: 0 }])
      await before.append([draft('b')])
      const { epoch } = before
      await before.close()
      if (!(await tested.restart())) return
      const room = await open()
      expect([room.first, room.seq]).toEqual([1, 2])
      expect(room.epoch > epoch).toBe(true)
      expect(room.locate(epoch, 1)).toEqual({ after: 1 })
      expect(room.locate(epoch, 3)).toEqual({ lost: 'truncated' })
      expect(await room.recall('ann', '1')).toEqual({ hash: 'h', seq: 1 })
      expect(await room.append([draft('c')])).toBe(3)
      expect(texts(await room.read(0, 10))).toEqual(['a', 'b', 'c'])
    })

    it('reads page by page what no longer is in memory', async () => {
      const room = await open({ keep: 20_000 })
      const many = Array.from({ length: 12_000 }, (_, i) => draft(String(i + 1)))
      await room.append(many)
      const read: number[] = []
      for (let after = 0; after < room.seq; ) {
        const page = await room.read(after, 500)
        expect(page[0]?.seq).toBe(after + 1)
        read.push(...seqs(page))
        after = page.at(-1)?.seq ?? Number.POSITIVE_INFINITY
      }
      expect(read.length).toBe(12_000)
    })
  })
  describeIds(name, factory)
  describeLives(name, factory)
  describeOrder(name, factory)
  describeState(name, factory)
}

/** A UUIDv7 of a time. */
export function uuidAt(ms: number): string {
  const time = ms.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}
