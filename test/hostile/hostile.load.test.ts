/**
 * Attacks by many at once against a server in a process of its own: its memory stays bounded, and an honest client is
 * served meanwhile (catalogue: F3, F4, F10). How little memory, and how quickly, only `npm run reliability` judges.
 */
import { deflateRawSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { AttackedServer, type Honest } from '../support/attacked.ts'
import { frame, Op } from '../support/bare-frames.ts'
import { BarePeer } from '../support/bare-peer.ts'
import { bound, tell } from '../support/figures.ts'
import { amount } from '../support/scale.ts'

const PEERS = amount(200, 1000)
const KIB = 1024
const MIB = KIB * KIB
const GROWTH_MIB = 64
/** What a peer that sends byte by byte may cost: as much as one that sends most of a large message at once, and some more. */
const DRIP_KIB = 100
const DEFLATE = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }
const LIMITS = { perAddress: 20_000, rate: { perSecond: 100_000, burst: 100_000 } }

let server: AttackedServer
let honest: Honest
let crowd: BarePeer[]

beforeEach(async () => {
  server = await AttackedServer.start({
    '/echo': { module: 'echo.ts', limits: LIMITS },
    '/squeezed': { module: 'echo.ts', compression: true, limits: LIMITS },
    '/honest': { module: 'echo.ts', limits: LIMITS },
  })
  await workAWhile()
  honest = await server.honest('/honest')
})

afterEach(async () => {
  for (const peer of crowd) peer.destroy()
  await honest.leave()
  await server.stop()
})

/** What a process that has worked for a while has taken, is not the attackers' doing. */
async function workAWhile(): Promise<void> {
  const peers = await server.crowd('/squeezed', 200, DEFLATE)
  const word = squeezed(deflateRawSync(Buffer.alloc(4 * KIB, 'word ')))
  for (let times = 0; times < 20; times += 1) {
    for (const peer of peers) peer.socket.write(word)
    for (const peer of peers) await peer.next()
  }
  for (const peer of peers) peer.destroy()
}

/** A compressed message: the first reserved bit says so. */
function squeezed(payload: Uint8Array): Buffer {
  return frame(Op.binary, payload, { rsv: 4 })
}

it(`${PEERS} who send a byte a packet cost little each, and are closed when it is too many packets`, async () => {
  crowd = await server.crowd('/echo', PEERS)
  await honest.times()
  const message = frame(Op.text, 'x'.repeat(60_000))
  let at = 0
  const grown = await server.growthMib(async () => {
    // Bytes that run together on the way are one packet to the server, so it takes more of them than its limit.
    for (; at < message.length && crowd.some((peer) => !peer.hasClosed); at += 1) {
      const byte = message.subarray(at, at + 1)
      for (const peer of crowd) if (!peer.hasClosed) peer.socket.write(byte)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  })
  const { p99Ms, count } = await honest.times()
  bound('F3', 'RSS per dripping socket, KiB', (grown * KIB) / PEERS, DRIP_KIB)
  tell('F3', 'p99 of an honest client meanwhile, ms', p99Ms)
  expect(new Set(crowd.map((peer) => peer.closeCode))).toEqual(new Set([1008]))
  expect(count).toBeGreaterThan(0)
})

it.each([
  { name: '1 KiB that would be 1 MiB', inflatedBytes: MIB },
  { name: '64 KiB that would be 64 MiB', inflatedBytes: 62 * MIB },
])(`${PEERS} bombs at once, $name, are defused`, async ({ name, inflatedBytes }) => {
  const bomb = squeezed(deflateRawSync(Buffer.alloc(inflatedBytes)))
  crowd = await server.crowd('/squeezed', PEERS, DEFLATE)
  await honest.times()
  const begin = performance.now()
  const grown = await server.growthMib(async () => {
    for (const peer of crowd) peer.socket.write(bomb)
    for (const peer of crowd) expect(await peer.closed()).toBe(1009)
  })
  const tookMs = performance.now() - begin
  const { maxMs, count } = await honest.times()
  // What they sent is there until it is looked at; what it would be never is.
  bound('F4', `RSS growth of ${PEERS} bombs, ${name}, MiB`, grown, GROWTH_MIB + Math.round((bomb.length * PEERS) / MIB))
  tell('F4', `ms per bomb, ${name}`, tookMs / PEERS)
  tell('F4', `longest wait of an honest client meanwhile, ${name}, ms`, maxMs)
  expect(count).toBeGreaterThan(0)
})

it(`${PEERS} compressed messages that never end are waited for`, async () => {
  crowd = await server.crowd('/squeezed', PEERS, DEFLATE)
  const begun = frame(Op.binary, deflateRawSync(Buffer.alloc(KIB, 'abc')).subarray(0, 8), { rsv: 4, isFinal: false })
  const grown = await server.growthMib(async () => {
    for (const peer of crowd) peer.socket.write(begun)
    // A ping is answered behind what was sent before it.
    for (const peer of crowd) await peer.write(frame(Op.ping))
    for (const peer of crowd) expect((await peer.next())?.opcode).toBe(Op.pong)
  })
  bound('F4', 'RSS per unfinished compressed message, KiB', (grown * KIB) / PEERS, (GROWTH_MIB * KIB) / PEERS)
})

it('100,000 pings whose pongs nobody reads: memory is bounded, the sender is closed, others do not notice', async () => {
  await honest.times()
  await new Promise((resolve) => setTimeout(resolve, 500))
  const quiet = await honest.times()
  crowd = [await BarePeer.open(`${server.ws}/echo`)]
  const [flooder] = crowd as [BarePeer]
  flooder.socket.pause()
  const gone = new Promise((resolve) => flooder.socket.once('close', resolve))
  const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(Op.ping, 'p'.repeat(125))))
  const grown = await server.growthMib(async () => {
    for (let sent = 0; sent < 100_000 && !flooder.socket.destroyed; sent += 1000) {
      const isFull = !flooder.socket.write(pings)
      if (isFull) await Promise.race([gone, new Promise((resolve) => flooder.socket.once('drain', resolve))])
    }
    flooder.socket.resume()
    await gone
  })
  const during = await honest.times()
  bound('F10', 'RSS growth, MiB', grown, GROWTH_MIB / 4)
  bound('F10', 'longest wait of others meanwhile, ms', during.maxMs, 100)
  tell('F10', "others' p99, ms, before and during", `${quiet.p99Ms.toFixed(2)} → ${during.p99Ms.toFixed(2)}`)
})
