/**
 * Peers that vanish, and a room that holds up the process, against a server in a process of its own (catalogue: LB4,
 * LB8). `FULL=1`: 2,000 compressed peers, 100 times.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { deflateRawSync } from 'node:zlib'
import { afterEach, expect, it } from 'vitest'
import { AttackedServer } from '../support/attacked.ts'
import { frame, Op } from '../support/bare-frames.ts'
import { BarePeer } from '../support/bare-peer.ts'
import { type Client, connect } from '../support/client.ts'
import { bound, tell } from '../support/figures.ts'
import { amount, isMeasuring } from '../support/scale.ts'

const SQUEEZED = amount(200, 500, 2000)
const ROUNDS = amount(4, 180, 100)
/** Some times less than what all these peers take together: were they not let go of, it would not do. */
const HEAP_MIB = 384
const BLOCKED_MS = isMeasuring ? [200, 1000, 5000] : [200, 2000]
const LIMITS = { perAddress: 20_000, rate: { perSecond: 100_000, burst: 100_000 } }
const DEFLATE = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }

let server: AttackedServer

afterEach(() => server.stop())

it(`${SQUEEZED} compressed peers vanish in the midst of a message, ${ROUNDS} times, and nothing of them is left`, {
  timeout: 600_000,
}, async () => {
  const rooms = { '/squeezed': { module: 'relay.ts', compression: true, limits: LIMITS } }
  server = await AttackedServer.start(rooms, { heapMib: HEAP_MIB })
  const message = frame(Op.text, deflateRawSync(Buffer.from('words that repeat '.repeat(500))), { rsv: 4 })
  const curve: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const peers = await server.crowd('/squeezed', SQUEEZED, DEFLATE)
    for (const peer of peers.slice(0, 20)) peer.socket.write(message)
    for (const peer of peers) peer.socket.write(message.subarray(0, message.length / 2))
    await pause(20)
    for (const peer of peers) peer.socket.resetAndDestroy()
    await expect.poll(() => server.openFiles).toBeLessThan(50)
    curve.push(Math.round(server.residentMib))
  }
  const [from, to] = [ROUNDS * 0.5, ROUNDS * 0.75]
  const [base = 0, last = 0] = [curve.slice(from, to), curve.slice(to)].map(
    (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)],
  )
  const shown = curve.filter((_, round) => round % Math.ceil(ROUNDS / 12) === 0)
  tell('LB4', `RSS on the way through ${ROUNDS} times ${SQUEEZED}, MiB`, shown.join(' '))
  bound('LB4', 'RSS in the last quarter over that in the third', last / base, 1.1)
})

it('a room that blocks for seconds has nobody taken for dead', async () => {
  const limits = { ...LIMITS, heartbeat: '1s' }
  server = await AttackedServer.start({
    '/hog': { module: '../test/support/hog.ts', limits },
    '/echo': { module: 'echo.ts', limits },
  })
  const peers: Client[] = []
  for (const path of ['/hog', '/echo'])
    for (let count = 0; count < 50; count += 1) peers.push(await connect(`${server.ws}${path}`))
  for (const ms of BLOCKED_MS) {
    const sender = await BarePeer.open(`${server.ws}/hog`)
    await sender.write(frame(Op.text, String(ms)))
    let heard = await sender.next()
    while (heard?.opcode === Op.ping) heard = await sender.next()
    expect(heard?.payload.toString()).toBe('done')
    sender.destroy()
    await pause(amount(200, 1500))
  }
  await pause(amount(1500, 3000))
  const lost = peers.filter(({ socket }) => socket.readyState !== 1).length
  await Promise.all(peers.map((peer) => peer.close()))
  tell('LB8', 'false disconnects', `${lost} of ${peers.length}`)
  expect(lost).toBe(0)
})
