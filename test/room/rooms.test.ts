/** The raw rooms that ship, over real sockets: echo, relay, clock. The chat and the tutorial rooms have their own files. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer } from '../support/server.ts'

let server: Awaited<ReturnType<typeof startServer>>

beforeAll(async () => {
  server = await startServer({
    rooms: {
      '/echo': { module: 'echo' },
      '/relay': { module: 'relay' },
      '/relay-to-all': { module: 'relay', options: { echo: true } },
      '/clock': { module: 'clock', options: { every: '100ms', label: '钟' } },
    },
  })
})

afterAll(() => server.close())

const bytes = new Uint8Array([0, 1, 2, 127, 128, 255])

describe('echo', () => {
  it('sends text back as text and binary as binary, to the sender alone', async () => {
    const ann = await server.connect('/echo')
    const bob = await server.connect('/echo')
    ann.sendText('你好！ {"type":"message"}')
    ann.sendBinary(bytes)
    ann.sendText('')
    expect(await ann.nextFrame()).toBe('你好！ {"type":"message"}')
    expect(await ann.nextFrame()).toEqual(bytes)
    expect(await ann.nextFrame()).toBe('')

    bob.sendText('mine')
    expect(await bob.nextFrame()).toBe('mine')
  })
})

describe('relay', () => {
  it('passes text and binary on to all others, and not to the sender', async () => {
    const ann = await server.connect('/relay')
    const bob = await server.connect('/relay')
    const carol = await server.connect('/relay')
    ann.sendText('from ann')
    ann.sendBinary(bytes)
    for (const other of [bob, carol]) {
      expect(await other.nextFrame()).toBe('from ann')
      expect(await other.nextFrame()).toEqual(bytes)
    }

    bob.sendText('from bob')
    expect(await ann.nextFrame()).toBe('from bob')
  })

  it('with `echo: true` gives the sender its own messages too', async () => {
    const ann = await server.connect('/relay-to-all')
    const bob = await server.connect('/relay-to-all')
    ann.sendText('to all')
    expect(await ann.nextFrame()).toBe('to all')
    expect(await bob.nextFrame()).toBe('to all')
  })
})

describe('clock', () => {
  it('tells everyone the local time, again and again, and goes on when spoken to', async () => {
    const begin = Date.now()
    const ann = await server.connect('/clock')
    const bob = await server.connect('/clock')
    ann.sendText('what time is it?')
    ann.sendBinary(bytes)
    for (const listener of [ann, bob, ann, bob]) {
      const line = await listener.nextText()
      const [, time] = /^message from 钟 at : (.+)$/.exec(line) ?? []
      expect(Date.parse(time ?? '') > begin - 2000, line).toBe(true)
    }
  })
})
