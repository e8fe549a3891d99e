/** A plain read over Server-Sent Events, by the text of the Durable Streams protocol: the log and what is added to it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStream, post } from '../../support/event-stream.ts'
import notes from '../../support/notes.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startServer({ rooms: { '/notes/:name': { definition: notes } } })
})

afterAll(() => server.close())

/** A separate room with this many events, and its address. */
async function room(events = 0) {
  const url = `${server.url}/notes/${crypto.randomUUID()}`
  for (let index = 1; index <= events; index += 1) await post(url, { type: 'note', data: { text: `${index}` } })
  return url
}

describe('an event stream', () => {
  it('brings the past and then what is published, each event with its place', async () => {
    const url = await room(2)
    const stream = await openStream(`${url}?offset=-1&live=sse`)
    expect(stream.response.headers.get('Content-Type')).toBe('text/event-stream')
    expect(stream.response.headers.get('X-Accel-Buffering')).toBe('no')
    const past = await stream.next()
    expect(past.event).toBe('data')
    expect(JSON.parse(past.data).map(({ seq }: { seq: number }) => seq)).toEqual([1, 2])
    expect(past.id).toMatch(/_0000000000000002$/)
    expect(await stream.control()).toMatchObject({ streamNextOffset: past.id, upToDate: true })

    await post(url, { type: 'note', data: { text: '3' } })
    const live = await stream.next()
    expect(JSON.parse(live.data)).toMatchObject([{ seq: 3, data: { text: '3' } }])
    expect(await stream.control()).toEqual({
      streamNextOffset: live.id,
      streamCursor: expect.any(String),
      upToDate: true,
    })
    stream.close()
  })

  it('at the end of the log begins with where that is', async () => {
    const url = await room(1)
    const stream = await openStream(`${url}?offset=now&live=sse`)
    const first = await stream.next()
    expect(first.event).toBe('control')
    expect(JSON.parse(first.data)).toMatchObject({ streamNextOffset: first.id, upToDate: true })
    expect(first.id).toMatch(/_0000000000000001$/)
    stream.close()
  })

  it('is for the log alone: broadcasts are not in it', async () => {
    const url = await room()
    const stream = await openStream(`${url}?offset=now&live=sse`)
    await post(url, { type: 'whisper', data: { text: 'in passing' } })
    await post(url, { type: 'note', data: { text: 'kept' } })
    expect(await stream.data()).toMatchObject([{ type: 'noted', data: { text: 'kept' } }])
    stream.close()
  })

  it('goes on after the Last-Event-ID of an EventSource, whatever the URL says', async () => {
    const url = await room(3)
    const next = (await fetch(url, { method: 'HEAD' })).headers.get('Stream-Next-Offset')
    const seen = String(next).replace(/3$/, '1')
    const stream = await openStream(`${url}?offset=-1&live=sse`, { 'Last-Event-ID': seen })
    expect((await stream.data()).map(({ seq }) => seq)).toEqual([2, 3])
    stream.close()
    await expect(openStream(`${url}?offset=-1&live=sse`, { 'Last-Event-ID': 'abc' })).rejects.toThrow('400')
  })

  it('cannot be broken by message texts: line breaks of every kind arrive as they were', async () => {
    const url = await room()
    const stream = await openStream(`${url}?offset=now&live=sse`)
    const hostile = '\n\nevent: control\ndata: {}\r\rid: x\r\n\u2028\u2029\u0000\ufeff: "\\'
    await post(url, { type: 'note', data: { text: hostile } })
    expect((await stream.data())[0]?.data.text).toBe(hostile)
    stream.close()
  })

  it('leaves the room empty: a reader is no member', async () => {
    const url = await room(1)
    const stream = await openStream(`${url}?offset=now&live=sse`)
    await stream.control()
    expect(await (await fetch(url)).json()).toMatchObject({ members: { count: 0 } })
    stream.close()
  })
})
