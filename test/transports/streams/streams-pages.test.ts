/** Pages of a room's log: bounded, backwards, and how a cache holds them. */
import { describe, expect, it } from 'vitest'
import { post } from '../../support/event-stream.ts'
import { openPages, readPage } from '../../support/pages.ts'

const pages = openPages()
const { room } = pages

describe('a page of so many events', () => {
  it('forwards: the first of them, and where to read on', async () => {
    const url = await room(5)
    const page = await readPage(url, 'offset=-1&limit=2')
    expect(page.texts()).toEqual(['1', '2'])
    expect(page.header('Stream-Up-To-Date')).toBe(null)
    const rest = await readPage(url, `offset=${page.next}&limit=9999`)
    expect(rest.texts()).toEqual(['3', '4', '5'])
    expect(rest.header('Stream-Up-To-Date')).toBe('true')
    expect((await readPage(url, 'offset=-1&live=long-poll&limit=1')).texts()).toEqual(['1'])
  })

  it('backwards: those before an event, oldest first, and where to read on until nothing older is kept', async () => {
    const url = await room(5)
    const seen: string[][] = []
    for (let before: string | null = 'now'; before; ) {
      const page = await readPage(url, `before=${before}&limit=2`)
      expect(page.status).toBe(200)
      expect(page.header('Stream-Up-To-Date')).toBe(before === 'now' ? 'true' : null)
      seen.push(page.texts())
      // Reading forwards from there meets what was read before.
      const [following = 'none'] = (await readPage(url, `offset=${page.next}&limit=1`)).texts()
      expect(following).toBe(before === 'now' ? 'none' : seen.at(-2)?.[0])
      before = page.header('Stream-Previous-Offset')
    }
    expect(seen).toEqual([['4', '5'], ['2', '3'], ['1']])
  })

  it('backwards from an event whose elders are gone is empty, and from a place that never was 410', async () => {
    const url = await room(5, 'short')
    const [epoch] = (await readPage(url, 'offset=now')).next.split('_')
    const at = (seq: number, of = epoch) => `before=${of}_${String(seq).padStart(16, '0')}`
    expect((await readPage(url, at(5))).texts()).toEqual(['3', '4'])
    for (const seq of [0, 1, 2, 3]) expect([seq, (await readPage(url, at(seq))).texts()]).toEqual([seq, []])
    expect((await readPage(url, at(9))).body).toMatchObject({ error: 'gone', reason: 'ahead' })
    expect((await readPage(url, at(5, '0'.repeat(32)))).body).toMatchObject({ error: 'gone', reason: 'epoch' })
    expect((await readPage(await room(), 'before=now')).texts()).toEqual([])
  })

  it('backwards, of large events: the newest of them that fit, without a hole', async () => {
    const url = await room()
    for (let index = 1; index <= 24; index += 1) {
      const text = `${index} `.padEnd(60_000, 'x')
      expect((await post(url, { type: 'note', data: { text } })).status).toBe(204)
    }
    const seqs: number[] = []
    for (let before: string | null = 'now'; before; ) {
      const page = await readPage(url, `before=${before}`)
      seqs.unshift(...page.body.map(({ seq }: { seq: number }) => seq))
      expect(JSON.stringify(page.body).length).toBeLessThan(1.2 * 1024 * 1024)
      before = page.header('Stream-Previous-Offset')
    }
    expect(seqs).toEqual(Array.from({ length: 24 }, (_, index) => index + 1))
  })
})

describe('a cache', () => {
  it.each(['offset=-1', 'before=now', 'before=now&limit=1', 'offset=-1&live=long-poll'])(
    'asks again before it gives %s, and the next message changes the answer',
    async (query) => {
      const url = await room(2)
      const page = await readPage(url, query)
      expect(page.header('Cache-Control')).toBe('no-cache')
      await post(url, { type: 'note', data: { text: 'new' } })
      const after = await readPage(url, query, { 'If-None-Match': page.header('ETag') ?? '' })
      expect([after.status, after.texts().at(-1)]).toEqual([200, 'new'])
    },
  )

  it('asks for a full page too, and hears in few bytes that nothing of it changed', async () => {
    const url = await room(3)
    for (const query of ['offset=-1&limit=2', `before=${(await readPage(url, 'offset=now')).next}&limit=1`]) {
      const page = await readPage(url, query)
      expect(page.header('Cache-Control')).toBe('no-cache')
      await post(url, { type: 'note', data: { text: 'new' } })
      const again = await readPage(url, query, { 'If-None-Match': page.header('ETag') ?? '' })
      expect([again.status, again.body, again.header('ETag')]).toEqual([304, '', page.header('ETag')])
      expect(again.next).toBe(page.next)
      expect(again.header('Stream-Previous-Offset')).toBe(page.header('Stream-Previous-Offset'))
    }
  })
})
