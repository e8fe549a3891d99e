/** `corridor connect` where the room moves to another node under its connection: a made-up server welcomes it again. */
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { connect } from '../../src/cli/connect.ts'

let server: WebSocketServer
let socket: WebSocket
let received: string[]
let said: string[]
let stdin: PassThrough
let stdout: PassThrough
let code: Promise<number>
let asked: string[]

beforeEach(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  received = []
  said = []
  asked = []
  server.on('connection', (connection, { url = '' }) => {
    socket = connection
    asked.push(new URL(url, 'http://x').searchParams.get('offset') ?? '')
    connection.on('message', (data) => void received.push(String(data)))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('expected a TCP address')
  stdin = new PassThrough()
  stdout = new PassThrough()
  code = connect(
    [`ws://127.0.0.1:${address.port}/notes`],
    { stdin, stdout, stderr: { write: (text) => said.push(text) } },
    { on: () => undefined },
  )
  await expect.poll(() => socket?.readyState).toBe(1)
})

afterEach(async () => {
  socket.close(1000)
  stdin.end()
  await code
  await new Promise((resolve) => server.close(resolve))
})

const say = (frame: object) => socket.send(JSON.stringify(frame))
const welcome = (epoch: string, seq: number, more: object = {}) =>
  say({ type: 'welcome', data: { room: '/notes', you: { id: 'p', name: 'a' }, epoch, first: 1, seq, ...more } })
const line = (id: string) => `{"type":"note","data":"${id}","id":"${id}"}`
const gets = (...lines: string[]) => expect.poll(() => received).toEqual(lines)

it('says again what was not answered, and tells that the room has moved', async () => {
  welcome('E', 3)
  await expect.poll(() => String(stdout.read() ?? '')).toMatch(/welcome/)
  stdin.write(`${line('1')}\n${line('2')}\n${line('3')}\nplain\n`)
  await gets(line('1'), line('2'), line('3'), 'plain')
  say({ type: 'ack', id: '1', kept: 'fsync' })
  say({ type: 'error', id: '2', data: { code: 'unavailable', message: '…' } })
  say({ type: 'error', id: '3', data: { code: 'invalid', message: '…' } })
  welcome('F', 4, { resumed: true })
  await gets(line('1'), line('2'), line('3'), 'plain', line('2'))
  expect(said.at(-1)).toBe('the room has moved to another node\n')
  say({ type: 'ack', id: '2', kept: 'fsync', duplicate: true })
  welcome('G', 4, { resumed: true })
  stdin.write('more\n')
  await gets(line('1'), line('2'), line('3'), 'plain', line('2'), 'more')
})

it('leaves what a room that stays could not do to its user', async () => {
  welcome('E', 0)
  await expect.poll(() => String(stdout.read() ?? '')).toMatch(/welcome/)
  stdin.write(`${line('1')}\n${line('2')}\n`)
  await gets(line('1'), line('2'))
  say({ type: 'error', id: '1', data: { code: 'unavailable', message: '…' } })
  say({ type: 'ack', id: '2', kept: 'fsync' })
  welcome('F', 1, { resumed: true })
  stdin.write('more\n')
  await gets(line('1'), line('2'), 'more')
})

it('takes no message of a raw room for a welcome', async () => {
  socket.send('hello')
  welcome('E', 0)
  welcome('E', 0)
  stdin.write(`${line('1')}\n`)
  await gets(line('1'))
  welcome('E', 0)
  stdin.write('more\n')
  await gets(line('1'), 'more')
  expect(said.filter((text) => text.includes('moved'))).toEqual([])
})
