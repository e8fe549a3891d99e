/** Reading a room over plain HTTP, by the text of the Durable Streams protocol: pages, their headers, long polls. */
import { describe, expect, it } from 'vitest'
import { openStream, post } from '../../support/event-stream.ts'
import { openPages, readPage } from '../../support/pages.ts'

const pages = openPages()
const { room } = pages

describe('a page', () => {
  it('holds the events as every wire sends them, with the next offset and the mark that nothing more is there', async () => {
    const url = await room(2)
    const page = await readPage(url, 'offset=-1')
    expect(page.status).toBe(200)
    expect(page.header('Content-Type')).toBe('application/json')
    expect(page.body).toEqual(
      [1, 2].map((seq) => expect.objectContaining({ type: 'noted', seq, time: expect.any(Number) })),
    )
    expect(page.next).toMatch(/^[0-9a-f]{32}_0000000000000002$/)
    expect(page.header('Stream-Up-To-Date')).toBe('true')
    expect(page.header('Stream-Cursor')).toMatch(/^\d+$/)
    expect(page.header('Cache-Control')).toBe('no-cache')
    expect(page.header('X-Content-Type-Options')).toBe('nosniff')

    const rest = await readPage(url, `offset=${page.next}`)
    expect(rest.body).toEqual([])
    expect(rest.next).toBe(page.next)
    expect(rest.header('Stream-Up-To-Date')).toBe('true')
  })

  it('has at most 500 events, and the pages together have every event once, in order', async () => {
    const url = await room()
    for (let from = 1; from <= 1100; from += 100) {
      const batch = Array.from({ length: 100 }, (_, index) => ({ type: 'note', data: { text: `${from + index}` } }))
      expect((await post(url, batch)).status).toBe(204)
    }
    const sizes: number[] = []
    const texts: string[] = []
    for (let offset = '-1', isUpToDate = false; !isUpToDate; ) {
      const page = await readPage(url, `offset=${offset}`)
      expect(page.next > offset).toBe(true)
      sizes.push(page.body.length)
      texts.push(...page.texts())
      offset = page.next
      isUpToDate = page.header('Stream-Up-To-Date') === 'true'
    }
    expect(sizes).toEqual([500, 500, 100])
    expect(texts).toEqual(Array.from({ length: 1100 }, (_, index) => `${index + 1}`))
  })

  it('is not sent again to a reader that has it, until there is more', async () => {
    const url = await room(1)
    const tag = (await readPage(url, 'offset=-1')).header('ETag') ?? ''
    expect(tag).toMatch(/^"[^"]+"$/)
    const again = await readPage(url, 'offset=-1', { 'If-None-Match': `"other", ${tag}` })
    expect(again.status).toBe(304)
    expect(again.body).toBe('')
    expect(again.header('ETag')).toBe(tag)

    await post(url, { type: 'note', data: { text: '2' } })
    expect((await readPage(url, 'offset=-1', { 'If-None-Match': tag })).texts()).toEqual(['1', '2'])
  })

  it('at "now" is empty, has the end of the log, and is kept by no cache', async () => {
    const page = await readPage(await room(3), 'offset=now')
    expect(page.body).toEqual([])
    expect(page.next).toMatch(/_0000000000000003$/)
    expect(page.header('Stream-Up-To-Date')).toBe('true')
    expect(page.header('Cache-Control')).toBe('no-store')
    expect(page.header('ETag')).toBe(null)
  })
})

describe('what cannot be read', () => {
  it('is 400 for a malformed query', async () => {
    const url = await room(1)
    const wrong = [
      'offset=',
      'offset=1',
      'offset=-2',
      'offset=abc_1',
      'offset=-1&offset=-1',
      'offset=-1&live=yes',
      'live=sse',
      'live=long-poll',
      'offset=-1&limit=0',
      'offset=-1&limit=-1',
      'offset=-1&limit=1.5',
      'offset=-1&limit=',
      'offset=-1&limit=1&limit=2',
      'offset=now&live=sse&limit=1',
      'before=',
      'before=-1',
      'before=5',
      'before=now&before=now',
      'before=now&limit=none',
      'before=now&offset=-1',
      'before=now&live=sse',
      'before=now&live=long-poll',
    ]
    for (const query of wrong) expect([query, (await readPage(url, query)).status]).toEqual([query, 400])
  })

  it('is 410 with its reason if the log has a gap after the offset', async () => {
    const url = await room(5, 'short')
    const { next } = await readPage(url, 'offset=-1')
    const [epoch] = next.split('_')
    const at = (seq: number, of = epoch) => `offset=${of}_${String(seq).padStart(16, '0')}`
    for (const live of ['', '&live=long-poll']) {
      expect((await readPage(url, at(1) + live)).body).toMatchObject({ error: 'gone', reason: 'trimmed' })
      expect((await readPage(url, at(9) + live)).body).toMatchObject({ error: 'gone', reason: 'ahead' })
      expect((await readPage(url, at(5, '0'.repeat(32)) + live)).body).toMatchObject({ error: 'gone', reason: 'epoch' })
      expect((await readPage(url, at(1) + live)).status).toBe(410)
    }
    expect((await readPage(url, at(2))).texts()).toEqual(['3', '4', '5'])
    expect((await readPage(url, 'offset=-1')).texts()).toEqual(['3', '4', '5'])
  })

  it('is 404 if there is no room, and 405 in a raw room', async () => {
    expect((await fetch(`${pages.server.url}/nowhere?offset=-1`)).status).toBe(404)
    for (const query of ['offset=-1', 'offset=now&live=sse', 'offset=now&live=long-poll']) {
      const answer = await fetch(`${pages.server.url}/echo?${query}`)
      expect([answer.status, answer.headers.get('Allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
    }
  })

  it('a request without an offset still gets the room itself', async () => {
    const url = await room(1)
    expect(await (await fetch(url)).json()).toMatchObject({ kind: 'event', seq: 1 })
    const page = await fetch(url, { headers: { Accept: 'text/html' } })
    expect(page.headers.get('Content-Type')).toContain('text/html')
  })
})

describe('HEAD', () => {
  it('gives the end of the log', async () => {
    const answer = await fetch(await room(2), { method: 'HEAD' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('Content-Type')).toBe('application/json')
    expect(answer.headers.get('Stream-Next-Offset')).toMatch(/_0000000000000002$/)
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
  })
})

describe('a long poll', () => {
  it('answers at once with what is there already', async () => {
    const page = await readPage(await room(2), 'offset=-1&live=long-poll')
    expect(page.texts()).toEqual(['1', '2'])
    expect(page.header('Stream-Cursor')).toMatch(/^\d+$/)
  })

  it('waits for what comes next', async () => {
    const url = await room(1)
    const polled = readPage(url, 'offset=now&live=long-poll')
    const reader = await openStream(`${url}?offset=now&live=sse`)
    await post(url, { type: 'whisper', data: { text: 'not kept' } })
    await post(url, { type: 'note', data: { text: '2' } })
    await reader.data()
    expect((await polled).texts()).toEqual(['2'])
    reader.close()
  })

  it('gives a cursor that is later than the one it was given', async () => {
    const url = await room(1)
    const first = (await readPage(url, 'offset=-1&live=long-poll')).header('Stream-Cursor')
    const second = (await readPage(url, `offset=-1&live=long-poll&cursor=${first}`)).header('Stream-Cursor')
    expect(Number(second)).toBeGreaterThan(Number(first))
  })
})
