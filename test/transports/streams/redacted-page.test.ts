/** The entity tag of a page: it changes when an event of the page is redacted, and else it does not. */
import { defineRoom } from 'corridor'
import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { exchange, request } from '../../support/raw.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const definition = defineRoom({
  receives: { note: z.string(), redact: z.int() },
  sends: { noted: z.string() },
  open: (room) => ({
    receive: {
      note: (_, text) => room.publish('noted', text),
      redact: (_, seq) => room.redact(seq),
    },
  }),
})
let server: TestServer
afterEach(() => server.close())

/** Without the headers that `fetch` adds to a request with `If-None-Match`. */
async function get(query: string, tag?: string) {
  const headers = [
    ['Host', `127.0.0.1:${server.port}`],
    ['Connection', 'close'],
  ] as [string, string][]
  if (tag !== undefined) headers.push(['If-None-Match', tag])
  const { status, headers: got, body } = await exchange(server.port, request(`GET /room?${query}`, headers))
  return { status, tag: got.etag ?? '', body }
}
const post = (type: string, data: unknown) =>
  fetch(`${server.url}/room`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ type, data }),
  })

it.each([{ DATA_DIR: ':memory:' }, { DATA_DIR: 'data' }])(
  'of a page forwards and backwards (%j)',
  async ({ DATA_DIR }) => {
    server = await startServer({ rooms: { '/room': { definition } }, env: DATA_DIR === 'data' ? { DATA_DIR: '' } : {} })
    for (const text of ['one', 'two', 'three', 'four']) await post('note', text)
    const { epoch } = await (await fetch(`${server.url}/room`)).json()
    const at = (seq: number) => `${epoch}_${String(seq).padStart(16, '0')}`
    const pages = ['offset=-1&limit=2', `before=${at(3)}&limit=2`]
    const others = [`offset=${at(2)}&limit=1`]
    const tags = await Promise.all([...pages, ...others].map(async (query) => (await get(query)).tag))
    for (const [index, query] of pages.entries()) expect((await get(query, tags[index])).status).toBe(304)
    expect((await post('redact', 2)).status).toBe(204)
    for (const [index, query] of pages.entries()) {
      const page = await get(query, tags[index])
      expect(page.status).toBe(200)
      expect(JSON.parse(page.body)).toMatchObject([
        { type: 'noted', seq: 1, data: 'one' },
        { type: 'redacted', seq: 2, data: { seq: 2 } },
      ])
      expect((await get(query, page.tag)).status).toBe(304)
    }
    expect((await get(others[0] ?? '', tags[2])).status).toBe(304)
  },
)
