/** The official client of the Durable Streams protocol, against a room: what it reads and appends, every event once. */
import { DurableStream, IdempotentProducer, stream } from '@durable-streams/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post } from '../../support/event-stream.ts'
import notes from '../../support/notes.ts'
import { startServer, type TestServer } from '../../support/server.ts'

interface Event {
  seq: number
  type: string
  data: { text: string }
}

let server: TestServer

beforeAll(async () => {
  server = await startServer({
    server: { limits: { handshakes: { perSecond: 1e5, burst: 1e5 } } },
    rooms: { '/notes/:name': { definition: notes } },
  })
})

afterAll(() => server.close())

const room = () => `${server.url}/notes/${crypto.randomUUID()}`
const note = (text: string) => ({ type: 'note', data: { text } })
const seqs = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

/** Sends this many notes, in batches. */
async function say(url: string, count: number) {
  for (let said = 0; said < count; said += 100) {
    const batch = Array.from({ length: Math.min(100, count - said) }, (_, index) => note(`${said + index}`))
    expect((await post(url, batch)).status).toBe(204)
  }
}

describe('the official client', () => {
  it('catches up over many pages', async () => {
    const url = room()
    await say(url, 1234)
    const read = await stream<Event>({ url })
    expect((await read.json()).map(({ seq }) => seq)).toEqual(seqs(1234))
    expect(read.offset).toMatch(/_0000000000001234$/)
  })

  it('goes on from where it was', async () => {
    const url = room()
    await say(url, 3)
    const { offset, ...first } = await stream<Event>({ url, live: false }).then(async (read) => ({
      events: await read.json(),
      offset: read.offset,
    }))
    expect(first.events).toHaveLength(3)
    await say(url, 2)
    const rest = await stream<Event>({ url, offset, live: false })
    expect((await rest.json()).map(({ seq }) => seq)).toEqual([4, 5])
  })

  it.each(['long-poll', 'sse'] as const)(
    'follows by %s while things are said, with no event missing or doubled',
    async (live) => {
      const url = room()
      await say(url, 250)
      const read = await stream<Event>({ url, live, json: true })
      const heard: number[] = []
      const all = new Promise<void>((resolve) => {
        read.subscribeJson<Event>(({ items }) => {
          heard.push(...items.map(({ seq }) => seq))
          if (heard.length >= 300) resolve()
        })
      })
      for (let index = 0; index < 50; index += 1) await say(url, 1)
      await all
      read.cancel()
      expect(heard).toEqual(seqs(300))
    },
  )

  it('finds the end of a room, and appends', async () => {
    const url = room()
    const handle = new DurableStream({ url, contentType: 'application/json' })
    await handle.append(JSON.stringify(note('one')))
    await Promise.all(['two', 'three', 'four'].map((text) => handle.append(JSON.stringify(note(text)))))
    const head = await handle.head()
    expect(head).toMatchObject({ exists: true, contentType: 'application/json' })
    const read = await stream<Event>({ url, live: false })
    expect((await read.json()).map(({ data }) => data.text)).toEqual(['one', 'two', 'three', 'four'])
    expect(head).toMatchObject({ offset: read.offset })
  })

  it("does not make or end what is the operator's", async () => {
    const handle = new DurableStream({ url: room(), contentType: 'application/json' })
    await expect(handle.create()).rejects.toMatchObject({ status: 405 })
    await expect(handle.delete()).rejects.toMatchObject({ status: 405 })
    await expect(handle.close()).rejects.toMatchObject({ status: 400 })
  })
})

describe('its idempotent producer', () => {
  it('has every message kept once and in order, over a network that loses answers', async () => {
    const url = room()
    let lost = 0
    const flaky: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init)
      lost += 1
      // Sent and kept, but the answer is lost: sent again under the same number.
      return lost % 3 === 0 ? fetch(input, init) : answer
    }
    const failed: unknown[] = []
    const producer = new IdempotentProducer(new DurableStream({ url, contentType: 'application/json' }), 'p', {
      fetch: flaky,
      lingerMs: 1,
      maxBatchBytes: 200,
      onError: (error) => failed.push(error),
    })
    for (let index = 1; index <= 200; index += 1) producer.append(JSON.stringify(note(`${index}`)))
    await producer.flush()
    expect(failed).toEqual([])
    const read = await stream<Event>({ url, live: false })
    expect((await read.json()).map(({ data }) => Number(data.text))).toEqual(seqs(200))
  })

  it('takes over from its former self', async () => {
    const url = room()
    const handle = new DurableStream({ url, contentType: 'application/json' })
    for (const [index, text] of ['first', 'second', 'third'].entries()) {
      const producer = new IdempotentProducer(handle, 'p', index === 0 ? { epoch: 3 } : { autoClaim: true })
      producer.append(JSON.stringify(note(text)))
      await producer.flush()
      await producer.detach()
    }
    const read = await stream<Event>({ url, live: false })
    expect((await read.json()).map(({ data }) => data.text)).toEqual(['first', 'second', 'third'])
  })
})
