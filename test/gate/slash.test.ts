/** One slash at the end of a path is the same room: for every way to ask, under a sub-path, with parameters. */
import { afterEach, describe, expect, it } from 'vitest'
import { openStream, post } from '../support/event-stream.ts'
import notes from '../support/notes.ts'
import { exchange, handshake, RawClient, request } from '../support/raw.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
afterEach(() => server.close())

const note = { type: 'note', data: { text: 'with a slash' } }

describe.each(['', '/sub'])('under "%s"', (basePath) => {
  it.each(['/notes', '/r/tea'])('%s/ is %s', async (path) => {
    const rooms = { '/notes': { definition: notes }, '/r/:name': { definition: notes } }
    server = await startServer({ rooms, ...(basePath && { env: { BASE_PATH: basePath } }) })
    const url = `${new URL(server.url).origin}${basePath}${path}`
    const stream = await openStream(`${url}/?offset=now&live=sse`)
    await stream.control()
    const peer = await server.connect(`${path}/`, { name: 'Ann' })
    expect((await peer.next('welcome')).data).toMatchObject({ room: path })
    expect((await post(`${url}/`, note)).status).toBe(204)
    expect(await peer.next('noted')).toMatchObject({ seq: 1, data: note.data })
    expect(await stream.data()).toMatchObject([{ seq: 1 }])
    expect(await (await fetch(`${url}/`)).json()).toMatchObject({ path, members: { count: 1 }, seq: 1 })
    expect(await (await fetch(`${url}/?offset=-1`)).json()).toMatchObject([{ seq: 1 }])
    const page = await (await fetch(`${url}/`, { headers: { Accept: 'text/html' } })).text()
    // What the page loads is named from the base, not from its own address.
    expect(page).toContain(`<base href="${basePath}/">`)
    expect((await fetch(`${url}/`, { method: 'OPTIONS' })).status).toBe(204)
    expect((await fetch(`${url}/`, { method: 'PUT' })).status).toBe(405)
    expect((await fetch(`${url}//`)).status).toBe(400)
    stream.close()
  })
})

describe('a target with characters that are not ASCII', () => {
  it.each(['/notes?name=Zoë', '/r/日本', '/notes?offset=-1&name=日本'])(
    '%s is answered with a hint to percent-encode it, as a request and as an upgrade',
    async (target) => {
      server = await startServer({ rooms: { '/notes': { definition: notes }, '/r/:name': { definition: notes } } })
      for (const headers of [[['Host', '127.0.0.1']] as const, handshake()]) {
        const answer = await exchange(server.port, request(`GET ${target}`, headers))
        expect([answer.status, answer.error]).toEqual([400, 'bad_target'])
        expect(JSON.parse(answer.body).message).toContain('percent-encode')
      }
      // Percent-encoded, the request succeeds.
      const client = new RawClient(server.port)
      await client.write(request(`GET ${encodeURI(target)}`, [['Host', '127.0.0.1']]))
      expect((await client.answer()).status).toBe(200)
      client.reset()
    },
  )
})
