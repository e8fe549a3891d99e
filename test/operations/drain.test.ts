/** The end of a server as a load balancer and a proxy see it: notified in time, answered to the last, never kept waiting. */

import { mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { RawPeer } from '../kill/raw-peer.ts'
import { ask, Stream } from '../proxies/http.ts'
import { connect, refused } from '../support/client.ts'
import { corridor, type Process } from '../support/process.ts'
import { startServer } from '../support/server.ts'

const ROOMS = fileURLToPath(new URL('../../rooms/rooms.json', import.meta.url))
const END = { code: 0, signal: null }
const MESSAGE = JSON.stringify({ type: 'message', data: { text: 'posted' } })

let folder: string
let server: Process
let url: string
let ws: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'corridor-drain-'))
})

afterEach(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true })
})

async function start(env: Record<string, string> = {}): Promise<void> {
  server = corridor(['start'], folder, { PORT: '0', ROOMS, ...env })
  url = await server.url()
  ws = url.replace(/^http/, 'ws')
}

const readiness = async () => (await ask(`${url}/readyz`)).status

describe('a notice', () => {
  it('notifies the load balancer, refuses new peers and keeps the others, then closes all', async () => {
    await start({ DRAIN_MS: '10000', DRAIN_NOTICE_MS: '5000' })
    const ann = await connect(`${ws}/chat?name=ann`)
    const stream = await Stream.open(`${url}/chat?live=sse&client=ben&name=ben`)
    await stream.until('"peer":')
    const peer = /"peer":"([^"]+)"/.exec(stream.text)?.[1] ?? ''
    expect(await readiness()).toBe(200)
    server.kill('SIGTERM')
    await expect.poll(readiness, { interval: 10 }).toBe(503)
    const asked = await ask(`${url}/readyz`)
    expect(JSON.parse(asked.body)).toEqual({ status: 'not ready', reason: 'draining' })
    expect(asked.headers.connection).toBe('close')
    expect((await ask(`${url}/healthz`)).status).toBe(200)
    expect(await refused(`${ws}/chat`)).toMatchObject({ status: 503, body: { error: 'draining' } })
    expect(await refused(`${ws}/chat`)).toMatchObject({ headers: { 'retry-after': '1' } })
    const later = await ask(`${url}/chat?live=sse&client=cleo`)
    expect([later.status, later.body]).toEqual([200, expect.stringMatching(/^retry: \d+\n.*"error":"draining"/s)])
    expect(await ask(`${url}/chat?offset=now&live=long-poll`)).toMatchObject({ status: 503, error: 'draining' })

    ann.send('message', { text: 'still here' }, '1')
    expect(await ann.next('ack')).toMatchObject({ id: '1', seq: 1 })
    await stream.until('still here')
    const headers = { 'Content-Type': 'application/json', 'Corridor-Peer': peer }
    expect((await ask(`${url}/chat`, { method: 'POST', headers, body: MESSAGE })).status).toBe(204)

    expect((await ann.closed).code).toBe(1012)
    await stream.until('event: close')
    expect(await server.exited).toEqual(END)
  })

  it('refuses also a peer whose admission was under way', async () => {
    const asked = Promise.withResolvers<void>()
    const decided = Promise.withResolvers<void>()
    const definition = defineRoom({
      admit() {
        asked.resolve()
        return decided.promise
      },
      open: () => ({}),
    })
    const env = { DRAIN_MS: '2000', DRAIN_NOTICE_MS: '300' }
    const inProcess = await startServer({ rooms: { '/picky': { definition } }, env })
    const refusal = refused(`${inProcess.ws}/picky`)
    await asked.promise
    const closed = inProcess.close()
    decided.resolve()
    expect(await refusal).toMatchObject({ status: 503, body: { error: 'draining' } })
    await closed
  })

  it('is not given to Ctrl-C', async () => {
    await start({ DRAIN_MS: '20000', DRAIN_NOTICE_MS: '10000' })
    const ann = await connect(`${ws}/chat`)
    server.kill('SIGINT')
    expect((await ann.closed).code).toBe(1012)
    expect(await server.exited).toEqual(END)
  })
})

describe('without one', () => {
  it('/readyz is 503 while a peer remains, and the server ends though one never closes', async () => {
    await start({ DRAIN_MS: '6000' })
    let isIn = false
    const hear = (text: string) => {
      isIn ||= text.includes('welcome')
    }
    const deaf = new RawPeer(Number(new URL(url).port), '/chat', hear, { isDeaf: true })
    await expect.poll(() => isIn).toBe(true)
    server.kill('SIGTERM')
    await expect.poll(() => deaf.closeFrame?.code).toBe(1012)
    for (let asked = 0; asked < 5; asked += 1) expect(await readiness()).toBe(503)
    expect(await server.exited).toEqual(END)
    deaf.end()
  })

  it('a peer is closed when its messages are answered, and later messages are refused', async () => {
    const begun = Promise.withResolvers<void>()
    const isThought = Promise.withResolvers<void>()
    const definition = defineRoom({
      receives: { think: z.object({}) },
      sends: { thought: z.object({}) },
      open: (room) => ({
        receive: {
          async think() {
            begun.resolve()
            await isThought.promise
            await room.publish('thought', {})
          },
        },
      }),
    })
    const inProcess = await startServer({ rooms: { '/slow': { definition } }, env: { DRAIN_MS: '60000' } })
    const ann = await inProcess.connect('/slow')
    const ben = await inProcess.connect('/slow')
    ann.send('think', {}, 'one')
    await begun.promise
    const closed = inProcess.close()
    expect(await ben.closed).toMatchObject({ code: 1012 })
    ann.send('think', {}, 'two')
    expect(await ann.next('error')).toMatchObject({ id: 'two', data: { code: 'unavailable' } })
    isThought.resolve()
    expect(await ann.next('ack')).toMatchObject({ id: 'one', seq: 1 })
    expect(await ann.closed).toMatchObject({ code: 1012 })
    await closed
  })

  it('what is being answered is answered to the end', async () => {
    const admitting = Promise.withResolvers<void>()
    const admitted = Promise.withResolvers<void>()
    const admit = () => {
      admitting.resolve()
      return admitted.promise
    }
    const definition = defineRoom({ receives: {}, sends: {}, admit, open: () => ({}) })
    const inProcess = await startServer({ rooms: { '/slow': { definition } } })
    const asked = ask(`${inProcess.url}/slow`)
    await admitting.promise
    const closed = inProcess.close()
    admitted.resolve()
    await closed
    const { status, body } = await asked
    expect([status, JSON.parse(body)]).toMatchObject([200, { path: '/slow' }])
  })

  it('an idle server ends at once, also if a browser holds unused connections', async () => {
    await start()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    expect((await ask(`${url}/healthz`, { agent })).status).toBe(200)
    const unused = connectTcp(Number(new URL(url).port), '127.0.0.1')
    unused.on('error', () => {})
    await new Promise((resolve) => unused.once('connect', resolve))
    server.kill('SIGTERM')
    expect(await server.exited).toEqual(END)
    agent.destroy()
    unused.destroy()
  })
})
