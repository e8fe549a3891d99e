/**
 * Three attacks at once on a server in a process and on a core of its own: bombs, handshakes that do not end, messages in
 * crumbs (catalogue: F3, F4, HS8). What memory they cost, and how long an honest handshake takes meanwhile.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { deflateRawSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { AttackedServer, type Honest } from '../support/attacked.ts'
import { frame, Op } from '../support/bare-frames.ts'
import type { BarePeer } from '../support/bare-peer.ts'
import { bound, tell } from '../support/figures.ts'

const EACH = 1000
const MIB = 1024 * 1024
const GROWTH_MIB = 64
const HANDSHAKE_MS = 100
/** After so long without a whole head a connection is cut, and how often the server looks. */
const HEADERS_MS = 10_000 + 2000
const CRUMB_EVERY_MS = 50
const DEFLATE = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
const LIMITS = { perAddress: 20_000, rate: { perSecond: 100_000, burst: 100_000 } }

let server: AttackedServer
let honest: Honest
const ends: (() => void)[] = []

beforeEach(async () => {
  server = await AttackedServer.start({
    '/echo': { module: 'echo.ts', limits: LIMITS },
    '/squeezed': { module: 'echo.ts', compression: true, limits: LIMITS },
  })
})

afterEach(async () => {
  for (const end of ends.splice(0)) end()
  await honest.leave()
  await server.stop()
})

/** A handshake that never ends, a byte a second. Resolves with the ms until the server had enough. */
async function slowHandshake(): Promise<number> {
  const { port } = new URL(server.http)
  const socket: Socket = connect({ port: Number(port), host: '127.0.0.1' })
  ends.push(() => socket.destroy())
  const begin = performance.now()
  socket.write('GET /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nX-Slow: ')
  const drip = setInterval(() => socket.write('a'), 1000)
  await new Promise<void>((resolve) => {
    socket.on('error', () => {})
    socket
      .resume()
      .on('end', () => socket.end())
      .on('close', () => resolve())
  })
  clearInterval(drip)
  return performance.now() - begin
}

/** A message in fragments of a byte each, all peers in turn, until the server has closed them all. */
async function drip(peers: readonly BarePeer[]): Promise<void> {
  const crumb = (opcode: number) => frame(opcode, 'x', { isFinal: false })
  let opcode: number = Op.binary
  while (peers.some((peer) => !peer.hasClosed)) {
    for (const peer of peers) if (!peer.hasClosed) peer.socket.write(crumb(opcode))
    opcode = Op.continuation
    await pause(CRUMB_EVERY_MS)
  }
}

/** What a process that has served as many for a while has taken, is not the attackers' doing. */
async function workAWhile(): Promise<void> {
  const words = frame(Op.binary, deflateRawSync(Buffer.alloc(4 * 1024, 'word ')), { rsv: 4 })
  const peers = await server.crowd('/squeezed', EACH, DEFLATE)
  for (let times = 0; times < 20; times += 1) {
    for (const peer of peers) peer.socket.write(words)
    for (const peer of peers) await peer.next()
  }
  for (const peer of peers) peer.destroy()
  await expect.poll(() => server.openFiles).toBeLessThan(50)
}

/** So many connections that send nothing yet. */
async function siege(): Promise<{ bombers: BarePeer[]; drippers: BarePeer[] }> {
  const bombers = await server.crowd('/squeezed', EACH, DEFLATE)
  const drippers = await server.crowd('/echo', EACH)
  ends.push(...[...bombers, ...drippers].map((peer) => () => peer.destroy()))
  return { bombers, drippers }
}

it('1,000 bombs, 1,000 slow handshakes and 1,000 drips at once: memory is bounded, honest handshakes are quick', async () => {
  const bomb = frame(Op.binary, deflateRawSync(Buffer.alloc(MIB)), { rsv: 4 })
  await workAWhile()
  const before = server.openFiles
  const { bombers, drippers } = await siege()
  honest = await server.honest('/echo', 'shakes')
  await pause(2000)
  const quiet = await honest.times()
  const files = server.openFiles
  let slowMs: number[] = []
  const grown = await server.growthMib(async () => {
    const slow = Promise.all(Array.from({ length: EACH }, slowHandshake))
    const dripped = drip(drippers)
    await pause(1000)
    for (const peer of bombers) peer.socket.write(bomb)
    for (const peer of bombers) expect(await peer.closed()).toBe(1009)
    await dripped
    expect(new Set(drippers.map(({ closeCode }) => closeCode))).toEqual(new Set([1008]))
    slowMs = await slow
  })
  const during = await honest.times()
  const p99s = `${quiet.p99Ms.toFixed(1)} → ${during.p99Ms.toFixed(1)}`
  bound('F3', 'RSS growth of 1,000 bombs, drips and slow handshakes at once, MiB', grown, GROWTH_MIB)
  tell('HS8', 'p99 of honest handshakes, ms, before and during', p99s)
  bound('HS8', 'p99 of honest handshakes meanwhile, ms', during.p99Ms, HANDSHAKE_MS)
  tell('HS8', 'longest honest handshake, ms', during.maxMs)
  bound('HS8', 's until the last slow handshake was cut', Math.max(...slowMs) / 1000, (HEADERS_MS + 2000) / 1000)
  await expect.poll(() => server.openFiles).toBeLessThan(files - EACH)
  for (const peer of [...bombers, ...drippers]) peer.destroy()
  await honest.leave()
  await expect.poll(() => server.openFiles).toBeLessThan(50)
  tell('HS8', 'sockets left', Math.max(0, server.openFiles - before))
})
