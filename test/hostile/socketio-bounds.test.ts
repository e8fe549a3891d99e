/**
 * Ways around the bounds of Socket.IO connections (catalogue: F9): a handshake that looks like a request of a session,
 * thousands of connects at once, messages that no room takes, upgrades beside the path.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { BarePeer } from '../support/bare-peer.ts'
import { BarePolling } from '../support/bare-polling.ts'
import { BareSocketIo } from '../support/bare-socketio.ts'
import { talk } from '../support/besieged.ts'
import { tellWrong } from '../support/figures.ts'
import { request as head, RawClient } from '../support/raw.ts'
import { BRIEF_DRAIN, type Setup, startServer, type TestServer } from '../support/server.ts'

const BURST = 5
const rooms: Setup['rooms'] = { '/talk': { definition: talk }, '/r/:name': { definition: talk } }

let server: TestServer

afterEach(() => server.close())

tellWrong('F9', 'wrong answers to ways around bounds')

async function refusals(): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const counts = [...text.matchAll(/^corridor_refusals_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count))
  return counts.reduce((sum, count) => sum + count, 0)
}

async function statusOf(target: string): Promise<number> {
  const client = new RawClient(server.port)
  await client.write(head(`GET ${target}`, [['Host', '127.0.0.1']]))
  const { status } = await client.answer()
  client.socket.destroy()
  return status
}

describe('handshakes of one address are counted', () => {
  const TARGETS = [
    '/socket.io/?EIO=4&transport=polling',
    '/socket.io/?EIO=4&transport=polling&sid',
    '/socket.io/?EIO=4&transport=polling&sid=',
    '/socket.io/?EIO=4&transport=polling&sid=&sid=x',
    '/socket.io/?EIO=4&transport=polling&sid=x&sid=',
    '/socket.io/?EIO=4&transport=polling#&sid=x',
    '/socket.io/?EIO=4&transport=polling&%73id=',
    '/socket.io?EIO=4&transport=polling&sid=',
  ]

  it('however they look', async () => {
    const limits = { handshakes: { perSecond: 1, burst: BURST } }
    server = await startServer({ rooms, server: { limits }, env: BRIEF_DRAIN })
    const uncounted: string[] = []
    for (const target of TARGETS) {
      let served = 0
      for (let times = 0; times < 4 * BURST; times += 1) if ((await statusOf(target)) === 200) served += 1
      if (served >= 3 * BURST) uncounted.push(target)
    }
    expect(uncounted).toEqual([])
  })
})

it('a body that waits to be asked for is asked for, unless it is too large', async () => {
  server = await startServer({ rooms })
  const { sid } = await BarePolling.open(server.url)
  for (const [length, status] of [
    [1, 100],
    [1e9, 413],
  ]) {
    const client = new RawClient(server.port)
    const headers: [string, string][] = [
      ['Host', '127.0.0.1'],
      ['Expect', '100-continue'],
      ['Content-Type', 'text/plain'],
      ['Content-Length', String(length)],
    ]
    await client.write(head(`POST /socket.io/?EIO=4&transport=polling&sid=${sid}`, headers))
    expect(await client.answer()).toMatchObject({ status })
    if (status === 100) {
      await client.write('1')
      expect(await client.answer()).toMatchObject({ status: 200, body: 'ok' })
    }
    client.socket.destroy()
  }
})

it('requests that Engine.IO refuses are counted, by their reason', async () => {
  server = await startServer({ rooms })
  const sid = 'AAAAAAAAAAAAAAAAAAAAAA'
  expect(await statusOf(`/socket.io/?EIO=4&transport=polling&sid=${sid}`)).toBe(400)
  expect(await statusOf('/socket.io/?EIO=4&transport=telepathy')).toBe(400)
  await expect(BarePeer.open(`${server.ws}/socket.io/?EIO=4&transport=websocket&sid=${sid}`)).rejects.toThrow('400')
  const text = await (await fetch(`${server.url}/metrics`)).text()
  expect(text).toContain('corridor_refusals_total{code="unknown_session"} 2')
  expect(text).toContain('corridor_refusals_total{code="bad_handshake"} 1')
})

describe('a connection', () => {
  it.each(['/nothing-', '/r/'])('that asks for thousands of rooms at once asks for a few hundred: %s', async (path) => {
    server = await startServer({ rooms })
    const polling = await BarePolling.open(server.url)
    await polling.post(...Array.from({ length: 5000 }, (_, at) => `40${path}${at},`))
    expect(await polling.isOver()).toBe(true)
    expect(await refusals()).toBeLessThan(500)
  })

  it('may ask for as many rooms at once as it may be in', async () => {
    server = await startServer({ rooms, server: { limits: { namespaces: 400 } } })
    const polling = await BarePolling.open(server.url)
    await polling.post(...Array.from({ length: 400 }, (_, at) => `40/r/${at},`))
    const [, answered] = await Promise.all([polling.post('3'), polling.poll()])
    expect(answered.body).toContain('40/r/399,')
    await polling.close()
  })

  it('that is over answers what it has kept waiting for its rate', async () => {
    const limits = { rate: { perSecond: 1, burst: 3 } }
    server = await startServer({ rooms: { '/relay': { module: 'relay', limits } } })
    const polling = await BarePolling.open(server.url)
    await polling.post('40/relay,')
    await polling.post(...Array.from({ length: 500 }, () => '42/relay,["message","x"]'))
    const post = polling.post('3')
    // Two polls at once end it.
    await Promise.all([polling.poll(), polling.poll(), polling.poll()])
    expect((await post).status).toBe(400)
  })

  it('of version 2 that says in no room what nobody takes is ended', async () => {
    server = await startServer({ rooms })
    const attacker = await BareSocketIo.open(server.ws, { version: 3 })
    for (let times = 0; times < 2000 && !attacker.peer.isEnded; times += 1) await attacker.say('42["say","x"]')
    let answers = 0
    while (answers < 500 && (await attacker.heard('42["error"')) !== undefined) answers += 1
    expect(answers).toBeLessThan(500)
  })

  it.each(['/socket.io/more', '/socket.io/talk/', '/socket.io/socket.io/'])(
    'is not opened at another path: %s',
    async (path) => {
      server = await startServer({ rooms })
      const opening = BarePeer.open(`${server.ws}${path}?EIO=4&transport=websocket`)
      await expect(opening).rejects.toThrow('404')
    },
  )
})
