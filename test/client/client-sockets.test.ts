/** The client over real sockets, which are cut again and again. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { connect } from '../../src/client/client.ts'
import { type chat, outcome } from '../support/dialled.ts'

/** A room that keeps a log, resumes, and handles an id once; `cut` ends every connection without a word. */
async function open() {
  const log: { type: string; seq: number; data: unknown }[] = []
  const handled = new Map<string, number>()
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 1000 })
  let isDeaf = false
  const publish = (data: unknown) => {
    log.push({ type: 'said', seq: log.length + 1, data })
    for (const socket of server.clients) socket.send(JSON.stringify(log.at(-1)))
  }
  const cut = () => {
    for (const socket of server.clients) socket.terminate()
  }
  server.on('connection', (socket, { url = '' }) => {
    const offset = new URL(url, 'ws://localhost').searchParams.get('offset')
    const resumed = offset === null ? {} : { resumed: true }
    const data = { you: { id: 'p', name: 'p' }, epoch: 'E', first: 1, seq: log.length, ...resumed }
    socket.send(JSON.stringify({ type: 'welcome', data }))
    for (const entry of log.slice(Number(offset?.slice(2) ?? 0))) socket.send(JSON.stringify(entry))
    socket.on('error', () => {}) // a frame over maxPayload
    socket.on('message', (text) => {
      const { data, id } = JSON.parse(String(text))
      const duplicate = handled.has(id)
      if (!duplicate) {
        publish(data)
        handled.set(id, log.length)
      }
      if (isDeaf) return cut()
      socket.send(
        JSON.stringify({ type: 'ack', id, seq: handled.get(id), kept: 'memory', ...(duplicate && { duplicate }) }),
      )
    })
  })
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/chat`
  const room = connect<typeof chat>(url, { retry: { firstMs: 1, baseMs: 1, capMs: 4 } })
  return {
    room,
    log,
    publish,
    cut,
    deaf: (yes: boolean) => {
      isDeaf = yes
    },
    [Symbol.asyncDispose]: async () => {
      room.close()
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}

test('cut between handling and ack, a message is kept once and acknowledged', async () => {
  await using fixture = await open()
  const { room, log, deaf } = fixture
  deaf(true)
  room.onState(({ state }) => state === 'waiting' && deaf(false))
  expect(await room.send('say', { text: 'once' })).toMatchObject({ seq: 1, duplicate: true })
  expect(log).toHaveLength(1)
})

test('cut again and again, it hears every event once and in order', async () => {
  await using fixture = await open()
  const { room, publish, cut } = fixture
  const seqs: number[] = []
  publish({ text: 'first' })
  for await (const event of room) {
    if (event.type === 'said') seqs.push(event.seq as number)
    if (seqs.length === 100) break
    if (seqs.length % 10 === 1) cut()
    publish({ text: 'more' })
    if (seqs.length % 3 === 0) publish({ text: 'and more' })
  }
  expect(seqs).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
})

test('a frame over the limit of the server is rejected, and later messages are sent', async () => {
  await using fixture = await open()
  const { room } = fixture
  const large = outcome(room.send('say', { text: 'x'.repeat(2000) }))
  const small = room.send('say', { text: 'small' })
  expect(await large).toMatchObject({ code: 'too_large' })
  expect(await small).toMatchObject({ seq: 1 })
})

test('where nobody listens it keeps trying', async () => {
  const states: string[] = []
  const room = connect('ws://127.0.0.1:1/', { retry: { baseMs: 1, capMs: 1 } })
  await new Promise<void>((resolve) => {
    room.onState(({ state }) => states.push(state) === 4 && resolve())
  })
  room.close()
  expect(states.slice(0, 4)).toEqual(['waiting', 'connecting', 'waiting', 'connecting'])
})
