/**
 * Twenty clients that come with an old offset and never read (catalogue: LB10): what the server holds for them, over
 * WebSockets, event streams and plain reads.
 */
import { type Socket, connect as tcp } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { AttackedServer } from '../support/attacked.ts'
import { tell } from '../support/figures.ts'

const EVENTS = 10_000
const BYTES = 3000
const CLIENTS = 20
const MIB = 1024 * 1024
/** `limits.buffered` of each, and what a server takes by itself when it begins to write history. */
const MOST_MIB = CLIENTS + 30

let server: AttackedServer
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server.stop()
})

const shake = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

async function filled(): Promise<void> {
  const limits = { perAddress: 1000, rate: { perSecond: 100_000, burst: 100_000 }, payload: '1MiB' }
  server = await AttackedServer.start({ '/chat': { module: 'chat.ts', limits, history: { keep: EVENTS, replay: 0 } } })
  const batch = JSON.stringify(Array(100).fill({ type: 'message', data: { text: 'x'.repeat(BYTES) } }))
  for (let said = 0; said < EVENTS; said += 100) {
    const headers = { 'Content-Type': 'application/json' }
    const { status } = await fetch(`${server.http}/chat`, { method: 'POST', headers, body: batch })
    if (status !== 204) throw new Error(`expected 204 for a batch, got ${status}`)
  }
  // What the filling took is given back or not; either way it is not of the clients.
  await pause(3000)
}

function stuck(query: string, headers: readonly string[]): void {
  const { hostname, port } = new URL(server.http)
  const socket = tcp(Number(port), hostname).on('error', () => {})
  socket.pause()
  socket.write([`GET /chat?${query} HTTP/1.1`, `Host: ${hostname}`, ...headers, '', ''].join('\r\n'))
  sockets.push(socket)
}

it.each([
  ['WebSockets', 'offset=-1', shake],
  ['event streams', 'offset=-1&live=sse', []],
  ['plain reads', 'offset=-1', []],
])(`${CLIENTS} clients that never read and come with an old offset, over %s`, async (name, query, headers) => {
  await filled()
  const grown = await server.growthMib(async () => {
    for (let count = 0; count < CLIENTS; count += 1) stuck(query, headers)
    await pause(8000)
  })
  tell(
    'LB10',
    `RSS growth for ${CLIENTS} clients and ${Math.round((EVENTS * BYTES) / MIB)} MiB of history, MiB, ${name}`,
    grown,
  )
  expect(grown).toBeLessThan(MOST_MIB)
})
