/**
 * Many Socket.IO attackers at once against a server in a process of its own (catalogue: F9): attachments that never come,
 * answers that nobody reads, sessions that do nothing. Its memory stays bounded, and an honest client is served meanwhile.
 */
import { afterEach, expect, it } from 'vitest'
import { AttackedServer, type Honest } from '../support/attacked.ts'
import { frame, Op } from '../support/bare-frames.ts'
import { BarePolling } from '../support/bare-polling.ts'
import { BareSocketIo } from '../support/bare-socketio.ts'
import { bound, tell } from '../support/figures.ts'
import { amount } from '../support/scale.ts'

const ATTACKERS = amount(100, 500)
const GROWTH_MIB = 128
const LIMITS = { perAddress: 20_000, rate: { perSecond: 100_000, burst: 100_000 } }
const placeholder = '{"_placeholder":true,"num":0}'

let server: AttackedServer
let honest: Honest
const ends: (() => void)[] = []

async function begin(heartbeat?: string): Promise<void> {
  const rooms = {
    '/echo': { module: 'echo.ts', limits: { ...LIMITS, buffered: '128KiB' } },
    '/honest': { module: 'echo.ts', limits: LIMITS },
  }
  server = await AttackedServer.start(rooms, heartbeat === undefined ? {} : { heartbeat })
  honest = await server.honest('/honest')
}

afterEach(async () => {
  for (const end of ends.splice(0)) end()
  await honest.leave()
  await expect.poll(() => server.metric('corridor_peers{room="/echo"}')).toBe(0)
  await server.stop()
})

async function attackers(): Promise<BareSocketIo[]> {
  const all: BareSocketIo[] = []
  while (all.length < ATTACKERS) {
    all.push(...(await Promise.all(Array.from({ length: 50 }, () => BareSocketIo.open(server.ws)))))
  }
  for (const one of all) {
    await one.say('40/echo,')
    await one.heard('40/echo,')
  }
  ends.push(() => {
    for (const one of all) one.destroy()
  })
  return all
}

async function judged(name: string, grownMib: number): Promise<void> {
  const { count, p99Ms } = await honest.times()
  bound('F9', `${name}: memory, MiB`, grownMib, GROWTH_MIB)
  tell('F9', `${name}: p99 of an honest client, ms`, p99Ms)
  expect(count).toBeGreaterThan(0)
  expect(server.process.isRunning).toBe(true)
}

it(`${ATTACKERS} who announce ten attachments and send nine of 60 KiB hold little`, async () => {
  await begin()
  const all = await attackers()
  await honest.times()
  const attachment = frame(Op.binary, Buffer.alloc(60_000))
  const grown = await server.growthMib(async () => {
    for (const { peer } of all) {
      peer.socket.write(frame(Op.text, `4510-/echo,["message",${placeholder}]`))
      for (let at = 0; at < 9; at += 1) peer.socket.write(attachment)
    }
    await new Promise((resolve) => setTimeout(resolve, 1000))
  })
  await judged('attachments that never come', grown)
})

it(`${ATTACKERS} who read nothing and ask for answers are ended`, async () => {
  await begin()
  const all = await attackers()
  await honest.times()
  const text = frame(Op.text, `42/echo,1["message","${'x'.repeat(60_000)}"]`)
  const grown = await server.growthMib(async () => {
    for (const { peer } of all) peer.socket.pause()
    for (let round = 0; round < 100; round += 1) {
      for (const { peer } of all)
        if (!peer.socket.destroyed && peer.socket.writableLength < 1e6) peer.socket.write(text)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })
  await judged('answers that nobody reads', grown)
})

it(`${ATTACKERS} who send pings of WebSockets and read no pongs cost little`, async () => {
  await begin()
  const all = await attackers()
  await honest.times()
  const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(Op.ping, 'x'.repeat(100))))
  const grown = await server.growthMib(async () => {
    for (const { peer } of all) peer.socket.pause()
    for (let round = 0; round < 20; round += 1) {
      for (const { peer } of all)
        if (!peer.socket.destroyed && peer.socket.writableLength < 1e6) peer.socket.write(pings)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })
  await judged('pings whose pongs nobody reads', grown)
})

it(`${ATTACKERS} sessions of polling that are never polled again end`, async () => {
  // They are known to be gone when they do not answer one.
  await begin('1s')
  const files = server.openFiles
  const grown = await server.growthMib(async () => {
    for (let at = 0; at < ATTACKERS; at += 1) await BarePolling.open(server.http)
    for (let at = 0; at < ATTACKERS; at += 1) await (await BarePolling.open(server.http)).post('40/echo,')
  })
  await judged('idle sessions of polling', grown)
  tell('F9', 'files open beyond those before', Math.max(0, server.openFiles - files))
})
