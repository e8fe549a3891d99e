/**
 * Connections that end when nobody expects it, headers that are slow to read, and no file left to open, against a server
 * in a process of its own (catalogue: HS1, HS6, LB6).
 */
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { AttackedServer } from '../support/attacked.ts'
import { BarePeer } from '../support/bare-peer.ts'
import { bound, tell } from '../support/figures.ts'
import { handshake, RawClient, request } from '../support/raw.ts'
import { amount } from '../support/scale.ts'

const EACH = amount(1000, 10_000)
/** How many wait for admission at once. */
const AT_ONCE = 1500
/** How many handshakes come with a list that is slow to read. */
const ASKED = amount(600, 3000)
const LIMITS = { perAddress: 20_000, rate: { perSecond: 100_000, burst: 100_000 } }

let server: AttackedServer

afterEach(() => server.stop())

it(`${EACH} resets each on good, unknown and refused paths, while admission takes half a second, leave nothing behind`, async () => {
  server = await AttackedServer.start({
    '/slow': { module: '../test/support/slow-admission.ts', limits: LIMITS },
    '/refused': { module: '../test/support/slow-admission.ts', limits: LIMITS, origins: ['https://elsewhere.example'] },
    '/echo': { module: 'echo.ts', limits: LIMITS },
  })
  const port = Number(new URL(server.http).port)
  const Origin = server.http
  const kinds = [
    request('GET /slow', handshake()),
    request('GET /nowhere', handshake()),
    request('GET /refused', [...handshake(), ['Origin', Origin]]),
  ]
  const files = server.openFiles
  const rest = Array.from({ length: EACH * kinds.length }, (_, index) => kinds[index % kinds.length] ?? '').values()
  const resetter = async () => {
    for (const text of rest) {
      const client = new RawClient(port)
      client.socket.write(text)
      await pause(Math.random() * 600)
      client.reset()
      await client.ended
    }
  }
  const honest = await server.honest('/echo', 'shakes')
  await Promise.all(Array.from({ length: AT_ONCE }, resetter))
  const { count, p99Ms } = await honest.times()
  await honest.leave()
  await expect.poll(() => server.openFiles).toBeLessThanOrEqual(files)
  const crashes = Number(!server.process.isRunning) + Number(server.process.stderr !== '')
  tell('HS1', `crashes in ${EACH} resets on each of ${kinds.length} kinds of path`, crashes)
  tell('HS1', 'leaked files', Math.max(0, server.openFiles - files))
  tell('HS1', 'peers still counted', await server.metric('corridor_peers{room="/slow"}'))
  tell('HS1', 'p99 of honest handshakes meanwhile, ms', p99Ms)
  expect(crashes).toBe(0)
  expect(count).toBeGreaterThan(0)
  expect(await server.metric('corridor_peers{room="/slow"}')).toBe(0)
})

it('header lists made to be slow to parse hold up nobody', async () => {
  server = await AttackedServer.start({
    '/echo': { module: 'echo.ts', limits: LIMITS, compression: true, protocols: ['known'] },
    '/honest': { module: 'echo.ts', limits: LIMITS },
  })
  const port = Number(new URL(server.http).port)
  const fill = (text: string) => text.repeat(Math.floor(15_000 / text.length))
  const lists = [
    fill('a,'),
    fill(' '),
    `a${fill(' ')}b`,
    fill('a, '),
    `x="${fill('\\"')}`,
    fill('permessage-deflate, '),
  ]
  lists.push(Array.from({ length: 2000 }, (_, index) => `p${index}`).join(), `permessage-deflate${fill('; a=1')}`)
  lists.push(`permessage-deflate; client_max_window_bits="${fill('1')}"`, fill(',,,;;;==='))
  const texts = lists.flatMap((list) =>
    ['Sec-WebSocket-Protocol', 'Sec-WebSocket-Extensions'].map((name) =>
      request('GET /echo', [...handshake(), [name, list]]),
    ),
  )
  const honest = await server.honest('/honest')
  await pause(amount(50, 500))
  const quiet = await honest.times()
  let asked = 0
  const begin = performance.now()
  for (; asked < ASKED; asked += 20) {
    for (let more = 0; more < 20; more += 1) {
      const socket = connect({ port, host: '127.0.0.1' })
      socket.on('error', () => {}).once('data', () => socket.destroy())
      socket.write(texts[(asked + more) % texts.length] ?? '')
    }
    await pause(20)
  }
  const seconds = (performance.now() - begin) / 1000
  const { count, maxMs, p99Ms } = await honest.times()
  await honest.leave()
  tell(
    'HS6',
    `p99 of others during ${Math.round(asked / seconds)} a second, ms, before and during`,
    `${quiet.p99Ms.toFixed(1)} → ${p99Ms.toFixed(1)}`,
  )
  bound('HS6', 'longest stall, ms', maxMs, 200)
  expect(count).toBeGreaterThan(0)
})

it('without a file left to open the server stays, and lets people in when there are files again', async () => {
  server = await AttackedServer.start({ '/echo': { module: 'echo.ts', limits: LIMITS } }, { openFiles: 256 })
  const opened = await Promise.allSettled(Array.from({ length: 400 }, () => BarePeer.open(`${server.ws}/echo`)))
  const inside = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  expect(inside.length).toBeGreaterThan(100)
  expect(inside.length).toBeLessThan(256)
  for (const peer of inside) peer.destroy()
  await expect.poll(() => server.openFiles).toBeLessThan(100)
  const later = await Promise.allSettled(Array.from({ length: 50 }, () => BarePeer.open(`${server.ws}/echo`)))
  const good = later.filter(({ status }) => status === 'fulfilled').length
  for (const result of later) if (result.status === 'fulfilled') result.value.destroy()
  tell('LB6', `let in again after 400 came at a server of 256 files (${inside.length} got in), %`, (good / 50) * 100)
  expect(good).toBe(50)
})
