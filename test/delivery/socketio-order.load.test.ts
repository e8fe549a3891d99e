/**
 * As many Socket.IO peers as WebSocket peers in one room, some of each speaking at once: all of them hear everything, in
 * one order.
 */
import { afterEach, expect, it } from 'vitest'
import { AttackedServer } from '../support/attacked.ts'
import { frame, Op } from '../support/bare-frames.ts'
import { BarePeer } from '../support/bare-peer.ts'
import { BareSocketIo } from '../support/bare-socketio.ts'
import { tell } from '../support/figures.ts'

const EACH = 1000
const SENDERS = 10
const MESSAGES = 10
const AT_ONCE = 50
const LIMITS = { perAddress: 20_000, rate: { perSecond: 100_000, burst: 100_000 } }

let server: AttackedServer
const peers: BarePeer[] = []

afterEach(async () => {
  for (const peer of peers) peer.destroy()
  await server.stop()
})

async function inBatches(count: number, open: () => Promise<BarePeer>): Promise<BarePeer[]> {
  const opened: BarePeer[] = []
  while (opened.length < count) opened.push(...(await Promise.all(Array.from({ length: AT_ONCE }, open))))
  peers.push(...opened)
  return opened
}

/** What a peer hears, up to so many events: `seq` and text of each. */
async function heardBy(peer: BarePeer, read: (text: string) => string | undefined): Promise<string[]> {
  const heard: string[] = []
  while (heard.length < 2 * SENDERS * MESSAGES) {
    const received = await peer.next()
    if (!received || received.opcode === Op.close) throw new Error(`sent away after ${heard.length} events`)
    const event = received.opcode === Op.text ? read(received.payload.toString()) : undefined
    if (event !== undefined) heard.push(event)
  }
  return heard
}

function ofWebSocket(text: string): string | undefined {
  const { type, seq, data } = JSON.parse(text) as { type: string; seq: number; data: { text: string } }
  return type === 'message' ? `${seq} ${data.text}` : undefined
}

function ofSocketIo(text: string): string | undefined {
  if (!text.startsWith('42/room,["message"')) return undefined
  const [, data, { seq }] = JSON.parse(text.slice('42/room,'.length)) as [string, { text: string }, { seq: number }]
  return `${seq} ${data.text}`
}

it(`${EACH} Socket.IO peers and ${EACH} WebSocket peers hear one order`, async () => {
  server = await AttackedServer.start({
    '/room': { module: '../test/bench/rooms/talk.ts', limits: LIMITS, history: { replay: 0 } },
  })
  const webSockets = await inBatches(EACH, () => BarePeer.open(`${server.ws}/room`))
  const socketIos = await inBatches(EACH, async () => (await BareSocketIo.join(server.ws, '/room')).peer)
  const orders = Promise.all([
    ...webSockets.map((peer) => heardBy(peer, ofWebSocket)),
    ...socketIos.map((peer) => heardBy(peer, ofSocketIo)),
  ])
  for (let round = 0; round < MESSAGES; round += 1) {
    for (let at = 0; at < SENDERS; at += 1) {
      void webSockets[at]?.write(frame(Op.text, `{"type":"message","data":{"text":"w${at}:${round}"}}`))
      void socketIos[at]?.write(frame(Op.text, `42/room,["message",{"text":"s${at}:${round}"}]`))
    }
  }
  const [first, ...others] = await orders
  expect(new Set(first).size).toBe(2 * SENDERS * MESSAGES)
  const different = others.filter((order) => order.join('\n') !== first?.join('\n')).length
  tell('F9', `orders that differ, of ${2 * EACH} peers of both kinds`, different)
  expect(different).toBe(0)
})
