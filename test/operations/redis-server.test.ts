/** A server whose log is in a real Redis: its start, what it says of Redis, and what it does while Redis is away. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freePorts } from '../proxies/proxy.ts'
import { selfSigned } from '../support/certificate.ts'
import { need } from '../support/components.ts'
import { openProject } from '../support/project.ts'
import { RedisServer } from '../support/redis.ts'
import { startServer, type TestServer } from '../support/server.ts'

const command = need('redis')
const project = openProject()
const AWAY = /nothing can be kept now|Redis did not keep a commit|alarms of closed rooms could not be read/

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

async function start(url = redis.url): Promise<TestServer> {
  server = await startServer({ env: { REDIS_URL: url }, rooms: { '/chat': { module: 'chat' } } })
  server.expectError(AWAY)
  return server
}

async function readiness(): Promise<{ status: number } & Record<string, unknown>> {
  const answer = await fetch(`${server?.url}/readyz`)
  return { http: answer.status, ...((await answer.json()) as { status: number }) }
}

const metrics = async () => (await fetch(`${server?.url}/metrics`)).text()

describe('a server with REDIS_URL', () => {
  it('keeps what is published, over a start of its own and of Redis', async () => {
    const first = await start()
    const ann = await first.connect('/chat', { name: 'ann', client: 'ann' })
    ann.send('message', { text: 'hello' }, 'a1')
    expect(await ann.next('ack')).toMatchObject({ id: 'a1', seq: 1, kept: 'fsync' })
    await ann.close()
    await first.close()
    await redis.kill()
    await redis.restart()
    const ben = await (await start()).connect('/chat', { name: 'ben', offset: '-1' })
    expect(await ben.next('message')).toMatchObject({ seq: 1, data: { text: 'hello' } })
    expect(await readiness()).toEqual({ http: 200, status: 'ready' })
    await ben.close()
  })

  it('is ready while Redis is away, says so, goes on with broadcasts, and keeps again by itself', async () => {
    const { connect } = await start()
    const ann = await connect('/chat', { name: 'ann' })
    const ben = await connect('/chat', { name: 'ben' })
    await redis.kill()
    await expect.poll(readiness).toEqual({ http: 200, status: 'ready', trouble: 'Redis is not connected' })
    expect(await metrics()).toMatch(/^corridor_log_up 0$/m)
    ann.send('typing', {})
    await ben.next('typing')
    ann.send('message', { text: 'too early' }, 'b1')
    expect(await ann.next('error')).toMatchObject({ id: 'b1', data: { code: 'unavailable' } })
    await redis.restart()
    await expect.poll(readiness).toEqual({ http: 200, status: 'ready' })
    ann.send('message', { text: 'now' }, 'b1')
    expect(await ann.next('ack')).toMatchObject({ id: 'b1', kept: 'fsync' })
    expect(await ben.next('message')).toMatchObject({ data: { text: 'now' } })
    await ann.close()
    await ben.close()
  })

  it('answers each message while Redis is frozen, and handles it once when it is sent again', async () => {
    const { connect } = await start()
    const ann = await connect('/chat', { name: 'ann', client: 'ann' })
    const { seq } = (await ann.next('welcome')).data as { seq: number }
    redis.freeze()
    ann.send('message', { text: 'once' }, 'f1')
    expect(await ann.next('error')).toMatchObject({ id: 'f1', data: { code: 'unavailable' } })
    await expect.poll(readiness).toMatchObject({ http: 200, trouble: expect.stringContaining('has not answered') })
    redis.thaw()
    await expect.poll(readiness).toEqual({ http: 200, status: 'ready' })
    ann.send('message', { text: 'once' }, 'f1')
    expect(await ann.next('ack')).toMatchObject({ id: 'f1', seq: seq + 1 })
    ann.send('message', { text: 'next' }, 'f2')
    expect(await ann.next('ack')).toMatchObject({ id: 'f2', seq: seq + 2, kept: 'fsync' })
    await ann.close()
  })

  it('warns of what is dangerous, in /readyz and in metrics, as long as it is', async () => {
    await redis.set('maxmemory', '1gb')
    await redis.set('maxmemory-policy', 'allkeys-lru')
    const { logs } = await start()
    const warning = { kind: 'eviction', text: expect.stringContaining('noeviction') }
    expect(await readiness()).toEqual({ http: 200, status: 'ready', warnings: [warning] })
    expect(await metrics()).toMatch(/^corridor_log_warnings\{kind="eviction"\} 1$/m)
    expect(logs.filter(({ level }) => level === 40)).toMatchObject([{ kind: 'eviction' }])
    await redis.set('maxmemory-policy', 'noeviction')
    await redis.set('maxmemory', '0')
    await expect.poll(readiness).toEqual({ http: 200, status: 'ready' })
    expect(await metrics()).not.toMatch(/^corridor_log_warnings\{/m)
  })

  it('starts without Redis, is not ready, and is when Redis comes', async () => {
    await redis.stop()
    const { connect } = await start()
    expect(await readiness()).toMatchObject({
      http: 503,
      status: 'not ready',
      reason: expect.stringContaining('Redis'),
    })
    await redis.restart()
    await expect.poll(readiness).toEqual({ http: 200, status: 'ready' })
    const ann = await connect('/chat', { name: 'ann' })
    ann.send('message', { text: 'hello' }, 'c1')
    expect(await ann.next('ack')).toMatchObject({ id: 'c1', kept: 'fsync' })
    await ann.close()
  })

  it('speaks TLS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'corridor-tls-'))
    const { cert, key } = selfSigned()
    writeFileSync(join(folder, 'cert.pem'), cert)
    writeFileSync(join(folder, 'key.pem'), key)
    const files = { 'tls-cert-file': join(folder, 'cert.pem'), 'tls-key-file': join(folder, 'key.pem') }
    const ca = { 'tls-ca-cert-file': join(folder, 'cert.pem') }
    const [port = 0] = await freePorts(1)
    const safe = await RedisServer.start(command ?? '', { ...files, ...ca, 'tls-port': String(port) })
    try {
      const query = `ca=${folder}/cert.pem&cert=${folder}/cert.pem&key=${folder}/key.pem`
      const { connect } = await start(`rediss://127.0.0.1:${port}?${query}`)
      const ann = await connect('/chat', { name: 'ann' })
      ann.send('message', { text: 'hello' }, 'd1')
      expect(await ann.next('ack')).toMatchObject({ kept: 'fsync' })
      await ann.close()
    } finally {
      await safe.remove()
      rmSync(folder, { recursive: true })
    }
  })
})

describe('a start is refused', () => {
  it.each([
    ['without the password', '', 'NOAUTH'],
    ['with a wrong password', ':hunter2@', 'WRONGPASS'],
  ])('%s', async (_, user, code) => {
    await redis.set('requirepass', 'right')
    try {
      const refused = project.start({ REDIS_URL: redis.url.replace('//', `//${user}`) })
      expect(await refused.exited).toMatchObject({ code: 1 })
      expect(refused.stderr).toContain(`REDIS_URL: ${redis.url} cannot be used: ${code}`)
      expect(refused.stderr).not.toContain('hunter2')
    } finally {
      await redis.set('requirepass', '')
    }
  })

  it('for a database that Redis does not have', async () => {
    const refused = project.start({ REDIS_URL: `${redis.url}/99` })
    expect(await refused.exited).toMatchObject({ code: 1 })
    expect(refused.stderr).toContain(`REDIS_URL: ${redis.url}/99 cannot be used: ERR DB index is out of range`)
  })

  it('for what is no Redis', async () => {
    const { port } = await start()
    const refused = project.start({ REDIS_URL: `redis://127.0.0.1:${port}` })
    expect(await refused.exited).toMatchObject({ code: 1 })
    expect(refused.stderr).toContain(
      `REDIS_URL: redis://127.0.0.1:${port} cannot be used: what answers there is no Redis`,
    )
  })

  it.each([
    ['scripts', '-eval -evalsha', /'evalsha' command: is forbidden to this user/],
    ['a command that scripts call', '-xtrim', /REDIS_URL: XTRIM on keys that begin with corridor: is forbidden/],
    [
      'the keys of rooms',
      '-config',
      /corridor: is forbidden|NOPERM this user has no permissions to access one of the keys/,
    ],
  ])('for a user without the right to %s', async (what, rights, expected) => {
    const keys = what === 'the keys of rooms' ? '~app:*' : '~corridor:*'
    await redis.say('ACL', 'SETUSER', 'weak', 'reset', 'on', '>pw', keys, '+@all', ...rights.split(' '))
    const refused = project.start({ REDIS_URL: redis.url.replace('//', '//weak:pw@') })
    expect(await refused.exited).toMatchObject({ code: 1 })
    expect(refused.stderr).toMatch(expected)
  })

  it('for a certificate that cannot be read', async () => {
    const refused = project.start({ REDIS_URL: 'rediss://127.0.0.1:1?ca=/nowhere.pem' })
    expect(await refused.exited).toMatchObject({ code: 1 })
    expect(refused.stderr).toContain('REDIS_URL: ENOENT')
  })
})
