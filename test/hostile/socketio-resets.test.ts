/**
 * Socket.IO connections that are reset after each byte of what they send, over polling and WebSockets (catalogue: F9;
 * CVE-2022-41940, CVE-2023-31125): nothing is uncaught, and nothing of them is left.
 */
import { expect, it } from 'vitest'
import { frame, Op } from '../support/bare-frames.ts'
import { openBesieged } from '../support/besieged.ts'
import { tellWrong } from '../support/figures.ts'
import { handshake, RawClient, request } from '../support/raw.ts'

const siege = openBesieged()
const EVERY = 3

tellWrong('F9', 'wrong answers to resets')

/** Sends the first bytes on a connection of its own, and resets it. */
async function cut(bytes: Buffer, length: number): Promise<void> {
  const client = new RawClient(siege.server.port)
  await client.write(bytes.subarray(0, length))
  client.reset()
  await client.ended
}

async function cutEverywhere(bytes: Buffer): Promise<void> {
  for (let length = 1; length <= bytes.length; length += EVERY) await cut(bytes, length)
}

const path = (query: string) => `/socket.io/?EIO=4&transport=${query}`

it('a handshake by polling', async () => {
  await cutEverywhere(Buffer.from(request(`GET ${path('polling')}`, [['Host', '127.0.0.1']])))
})

it('a handshake by WebSocket and what follows it at once', async () => {
  const packets = ['40/talk,', '42/talk,1["say","x"]', '451-/talk,["say",{"_placeholder":true,"num":0}]']
  const frames = packets.map((packet) => frame(Op.text, packet))
  const attachment = frame(Op.binary, Buffer.alloc(9))
  const head = Buffer.from(request(`GET ${path('websocket')}`, handshake()))
  await cutEverywhere(Buffer.concat([head, ...frames, attachment]))
})

it('a body by polling', async () => {
  const body = '40/talk,\x1e42/talk,["say","x"]'
  for (let length = 0; length <= body.length; length += EVERY) {
    const { sid } = await siege.openPolling()
    const head = request(`POST ${path('polling')}&sid=${sid}`, [
      ['Host', '127.0.0.1'],
      ['Content-Type', 'text/plain'],
      ['Content-Length', String(body.length)],
    ])
    await cut(Buffer.from(head + body.slice(0, length)), head.length + length)
  }
})

it('a poll that waits', async () => {
  for (let times = 0; times < 20; times += 1) {
    const { sid } = await siege.joinPolling()
    await cut(Buffer.from(request(`GET ${path('polling')}&sid=${sid}`, [['Host', '127.0.0.1']])), 10_000)
  }
})

it('an upgrade of a session in every state', async () => {
  const packets = ['2probe', '5', '42/talk,["say","x"]'].map((packet) => frame(Op.text, packet))
  for (let count = 0; count <= packets.length; count += 1) {
    const { sid } = await siege.joinPolling()
    const client = new RawClient(siege.server.port)
    await client.write(request(`GET ${path('websocket')}&sid=${sid}`, handshake()), ...packets.slice(0, count))
    expect((await client.answer()).status).toBe(101)
    client.reset()
    await client.ended
  }
})
