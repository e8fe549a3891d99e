/** Rooms with `compression: true`: each message is compressed once for all who negotiated it. */
import { randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { bufferOf, Frame } from '../../../src/delivery/frame.ts'
import { deflated } from '../../../src/transports/websocket/deflate.ts'
import { plain } from '../../../src/transports/websocket/websocket-wire.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
afterEach(() => server.close())

const start = async (line: Record<string, unknown> = {}) => {
  const limits = { rate: { perSecond: 1e6, burst: 1e6 } }
  server = await startServer({ rooms: { '/chat': { module: 'chat', compression: true, limits, ...line } } })
}

it('reaches those who negotiated it and those who did not alike, in one order', async () => {
  await start()
  const squeezed = await server.connect('/chat', { name: 'ann' }, { perMessageDeflate: true })
  const other = await server.connect('/chat', { name: 'ben' }, { perMessageDeflate: false })
  expect(squeezed.socket.extensions).toContain('permessage-deflate')
  expect(other.socket.extensions).toBe('')
  for (let i = 0; i < 200; i += 1) {
    squeezed.send('message', { text: `${i} ${'words that repeat '.repeat(i % 40)}` })
    if (i % 10 === 0) squeezed.socket.ping()
  }
  for (const client of [squeezed, other]) {
    for (let i = 0; i < 200; i += 1) {
      const { data, seq } = await client.next<{ text: string }>('message')
      expect([Number.parseInt(data.text, 10), seq]).toEqual([i, i + 1])
    }
  }
})

it('offers no compression where the room did not ask for it', async () => {
  await start({ compression: false })
  const client = await server.connect('/chat', {}, { perMessageDeflate: true })
  expect(client.socket.extensions).toBe('')
})

it('refuses a bomb: little on the wire, much in memory', async () => {
  await start({ limits: { payload: '64KiB' } })
  const client = await server.connect('/chat', {}, { perMessageDeflate: { threshold: 0 } })
  client.sendText('0'.repeat(16 * 1024 * 1024))
  expect(await client.closed).toMatchObject({ code: 1009 })
})

it('sends a short or incompressible message that anyone can read', async () => {
  await start()
  const short = deflated.encode(new Frame(undefined, 'hi'))
  expect(short).toEqual(plain.encode(new Frame(undefined, 'hi')))
  const noise = randomBytes(60_000)
  const frame = bufferOf(deflated.encode(new Frame(undefined, noise)))
  expect((frame[0] ?? 0) & 0x40).toBe(0x40)
  expect(frame.length).toBeLessThan(noise.length * 1.01)
})
