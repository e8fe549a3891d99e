/** What a server says while the Redis of its log is away: nobody hears of an error of the server, all may try again. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { need } from '../support/components.ts'
import { RedisServer } from '../support/redis.ts'
import { startServer, type TestServer } from '../support/server.ts'

const command = need('redis')
const ADMIN_TOKEN = 'a token of the operator, 32 bytes'.replaceAll(' ', '-')
const AWAY = /nothing can be kept now|Redis did not keep a commit|alarms of closed rooms could not be read|open failed/
/** More than a room has in memory when it has opened. */
const BATCHES = { count: 11, size: 100 }

let redis: RedisServer
let server: TestServer | undefined

beforeAll(async () => {
  if (command) redis = await RedisServer.start(command)
})
afterAll(() => redis?.remove())
afterEach(async () => {
  await server?.close()
  server = undefined
})

async function start(): Promise<TestServer> {
  const chat = { module: 'chat', history: { keep: 2000 }, limits: { rate: { perSecond: 1e6, burst: 1e6 } } }
  const rooms = { '/chat': chat, '/closed': chat, '/poll': { module: 'poll' } }
  const limits = { handshakes: { perSecond: 1e5, burst: 1e5 } }
  server = await startServer({ env: { REDIS_URL: redis.url, ADMIN_TOKEN }, rooms, server: { limits } })
  server.expectError(AWAY)
  return server
}

interface Asked {
  readonly path: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

async function ask({ path, body, headers = {} }: Asked): Promise<{ status: number; error?: string; wait: boolean }> {
  const response = await fetch(`${server?.url}${path}`, {
    headers: {
      Accept: 'application/json',
      Authorization: `Bearer ${ADMIN_TOKEN}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const wait = response.headers.has('Retry-After')
  return response.ok ? { status: response.status, wait } : { status: response.status, ...JSON.parse(text), wait }
}

const trouble = async () => (await (await fetch(`${server?.url}/readyz`)).json()).trouble

const message = { type: 'message', data: { text: 'hello' } }
const producer = { 'Producer-Id': 'p', 'Producer-Epoch': '0' }

async function fill(): Promise<void> {
  const body = Array.from({ length: BATCHES.size }, () => message)
  for (let batch = 0; batch < BATCHES.count; batch += 1)
    expect(await ask({ path: '/chat', body })).toMatchObject({ status: 200 })
}

it('is told as unavailable, whatever is asked', async () => {
  const first = await start()
  await fill()
  await first.close()
  const ann = await (await start()).connect('/chat', { name: 'ann', client: 'ann' })
  await redis.kill()
  await expect.poll(trouble).toBe('Redis is not connected')
  const asked: Asked[] = [
    { path: '/chat?offset=-1&limit=5' },
    { path: '/poll' },
    { path: '/poll?offset=-1' },
    { path: '/chat?client=ben', body: { ...message, id: 'b1' } },
    { path: '/chat', body: message, headers: { ...producer, 'Producer-Seq': '0' } },
    { path: '/chat', body: message },
    { path: '/admin/rooms?all' },
    { path: '/admin/room?room=/chat' },
    { path: '/admin/room?room=/closed' },
    { path: '/admin/backup' },
    { path: '/admin/redact', body: { room: '/chat', seq: 1 } },
    { path: '/admin/redact', body: { room: '/closed', seq: 1 } },
    { path: '/admin/clear-history', body: { room: '/closed' } },
    { path: '/admin/erase', body: { room: '/closed' } },
    { path: '/admin/say', body: { room: '/chat', ...message, id: 'c1' } },
  ]
  const answers = await Promise.all(asked.map(async (each) => [each.path, await ask(each)] as const))
  expect(answers).toEqual(asked.map(({ path }) => [path, expect.objectContaining({ status: 503, wait: true })]))
  expect(await ask({ path: '/chat' })).toMatchObject({ status: 200 })
  for (const id of ['a1', 'a2']) {
    ann.send('message', { text: 'hello' }, id)
    expect(await ann.next('error')).toMatchObject({ id, data: { code: 'unavailable' } })
  }
  const lines = server?.logs.filter(({ level }) => level >= 40) ?? []
  expect(lines.map(({ msg }) => msg)).toContain('nothing can be kept now: Redis is not connected')
  // Each in words: nobody has to look for a mistake in the code.
  expect(lines.filter((line) => 'err' in line)).toEqual([])
  await redis.restart()
  for (const each of asked) await expect.poll(async () => (await ask(each)).status).toBeLessThan(500)
  ann.send('message', { text: 'hello' }, 'a1')
  expect(await ann.next('ack')).toMatchObject({ id: 'a1', kept: 'fsync' })
  await ann.close()
})
