/** `corridor connect`: lines in, frames out, over restarts of the room, and the end of its input. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { defineRoom } from 'corridor'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { connect } from '../../src/cli/connect.ts'
import { type Setup, startServer, type TestServer } from '../support/server.ts'
import { SECRET, sign } from '../support/tokens.ts'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const start = async (setup: Setup) => {
  server = await startServer(setup)
  return server
}

const notes = defineRoom({
  receives: { note: z.string(), bye: z.null() },
  sends: { noted: z.object({ text: z.string(), from: z.string() }) },
  text: (text) => ({ type: 'note', data: text }),
  open: (room) => ({
    receive: {
      note: (peer, text) => room.publish('noted', { text, from: peer.name }),
      bye: (peer) => peer.close(4000, 'bye'),
    },
  }),
})

/** Runs the verb with streams of its own. */
function run(...args: string[]) {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()]
  const signals = new Map<string, (error?: unknown) => void>()
  const said: string[] = []
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  const code = connect(
    args,
    { stdin, stdout, stderr: { write: (text) => said.push(text) } },
    {
      on: (signal: string, listener: (error?: unknown) => void) => signals.set(signal, listener),
    },
  )
  return {
    stdin,
    stdout,
    said,
    code,
    interrupt: () => signals.get('SIGINT')?.(),
    next: async () => String((await lines.next()).value),
    event: async (type: string) => {
      for (;;) {
        const frame = JSON.parse(String((await lines.next()).value))
        if (frame.type === type) return frame
      }
    },
  }
}

describe('connect', () => {
  it('sends each line and prints each frame, in a pipe until nothing more comes', async () => {
    const server = await start({ rooms: { '/echo': { module: 'echo' } } })
    const { stdin, said, code, next } = run(`${server.url}/echo`)
    stdin.end('one\r\ntwo\n{"three":3}')
    expect([await next(), await next(), await next()]).toEqual(['one', 'two', '{"three":3}'])
    expect(await code).toBe(0)
    expect(said).toEqual([`connected to ${server.ws}/echo\n`])
  })

  it('comes back to a room that restarts, resumes, and sends what was typed meanwhile', async () => {
    const rooms = { '/notes': { definition: notes } }
    const server = await start({ rooms })
    const { stdin, said, code, event, interrupt } = run(`${server.ws}/notes`, '--name', 'ann')
    await event('welcome')
    stdin.write('one\n')
    expect(await event('noted')).toMatchObject({ seq: 1, data: { text: 'one', from: 'ann' } })
    await server.reload({ rooms: { '/notes': { definition: notes, title: 'Changed' } } })
    stdin.write('{"type":"note","data":"two","id":"2"}\n')
    const bob = await server.connect('/notes')
    bob.send('note', 'of bob')
    const welcome = await event('welcome')
    expect(welcome.data.resumed).toBe(true)
    const texts = [await event('noted'), await event('noted')].map(({ seq, data }) => [seq, data.text])
    expect(texts.map(([seq]) => seq)).toEqual([2, 3])
    expect(texts.map(([, text]) => text).sort()).toEqual(['of bob', 'two'])
    expect(said.join('')).toMatch(/^connected to .*\nconnection lost: 1012 .*; trying again in .*\nconnected again\n$/)
    interrupt()
    expect(await code).toBe(0)
    bob.terminate()
  })

  it('enters with a token, and says why it may not without', async () => {
    const server = await start({ rooms: { '/notes': { definition: notes, auth: { secret: SECRET } } } })
    const refused = run(`${server.ws}/notes`)
    expect(await refused.code).toBe(1)
    expect(refused.said.join('')).toMatch(/^refused: 401 .*no_token/)
    const ann = run(`${server.ws}/notes`, '--token', await sign({ sub: 'u1', name: 'Ann' }))
    expect((await ann.event('welcome')).data.you).toEqual({ id: 'u1', name: 'Ann' })
    ann.stdin.end()
    expect(await ann.code).toBe(0)
  })

  it('begins after an offset, and ends when the room says so', async () => {
    const server = await start({ rooms: { '/notes': { definition: notes } } })
    const first = run(`${server.ws}/notes`)
    const { epoch } = (await first.event('welcome')).data
    first.stdin.write('one\ntwo\n')
    await first.event('noted')
    await first.event('noted')
    const second = run(`${server.ws}/notes`, '--offset', `${epoch}_${'1'.padStart(16, '0')}`)
    expect(await second.event('noted')).toMatchObject({ seq: 2 })
    second.stdin.write('{"type":"bye","data":null}\n')
    expect(await second.code).toBe(1)
    expect(second.said.at(-1)).toBe('closed: 4000 bye\n')
    // What reads its output is gone.
    first.stdout.destroy(new Error('EPIPE'))
    expect(await first.code).toBe(0)
  })

  it('prints bytes in hex', async () => {
    const server = await start({ rooms: { '/relay': { module: 'relay' } } })
    const ann = run(`${server.ws}/relay`, '--stay')
    const bob = await server.connect('/relay')
    await expect.poll(() => ann.said.length).toBe(1)
    bob.sendBinary(new Uint8Array([1, 255]))
    expect(await ann.next()).toBe('binary, 2 bytes: 01ff')
    bob.terminate()
    ann.stdin.end()
    await once(ann.stdin, 'close')
    ann.interrupt()
    expect(await ann.code).toBe(0)
  })

  it.each([
    [[], /^connect: expected the URL of a room/],
    [['chat'], /^connect: expected a URL that begins with ws:\/\/ or wss:\/\/, got "chat"/],
    [['ftp://x/'], /^connect: expected a URL/],
    [['ws://x/', '--offset', '5'], /^connect: --offset: expected an offset/],
    [['ws://x/', '--nam', 'a'], /^connect: Unknown option/],
    [['ws://127.0.0.1:1/'], /^expected a server at ws:\/\/127\.0\.0\.1:1\/: .*ECONNREFUSED/],
  ])('%j is a mistake', async (args, mistake) => {
    const { code, said } = run(...args)
    expect(await code).toBe(1)
    expect(said.join('')).toMatch(mistake)
  })
})
