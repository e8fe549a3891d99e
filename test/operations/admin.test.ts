/**
 * The operator's paths: who may use them, what a request must be, and what is logged. `admin-rooms.test.ts` shows what
 * they do to rooms.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { readEnvironment } from '../../src/config/environment.ts'
import notes from '../support/notes.ts'
import { ADMIN_TOKEN } from '../support/operator.ts'
import { startServer, type TestServer } from '../support/server.ts'

const rooms = { '/notes': { definition: notes }, '/echo': {}, '/r/:name': { definition: notes } }

let server: TestServer
afterEach(() => server.close())

const start = (env: Record<string, string> = {}, more = {}) =>
  startServer({ rooms, env: { ADMIN_TOKEN, ...env }, ...more })
const authorization = `Bearer ${ADMIN_TOKEN}`
const get = (path: string, headers: Record<string, string> = { authorization }) =>
  fetch(`${server.url}/admin/${path}`, { headers })
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/admin/${path}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const error = async (answer: Response) => [answer.status, ((await answer.json()) as { error: string }).error]

describe('ADMIN_TOKEN', () => {
  it('must have 32 bytes or more, and is never shown', async () => {
    server = await start()
    const read = (token: string) => () => readEnvironment({ ADMIN_TOKEN: token })
    expect(read('x'.repeat(31))).toThrow(/^ADMIN_TOKEN: expected a token of 32 or more visible ASCII characters/)
    for (const wrong of ['secret-'.repeat(5).replace('-', ' '), 'ë'.repeat(40)]) {
      expect(read(wrong)).toThrow('ADMIN_TOKEN')
      expect(read(wrong)).not.toThrow(wrong)
    }
    expect(readEnvironment({ ADMIN_TOKEN: 'x'.repeat(32) }).adminToken).toBe('x'.repeat(32))
  })

  it('is what makes the paths be there', async () => {
    server = await startServer({ rooms })
    for (const path of ['rooms', 'room?room=/notes', 'backup', '']) expect((await get(path)).status).toBe(404)
    expect(await error(await post('kick', { room: '/notes', id: 'x' }))).toEqual([404, 'no_such_room'])
  })

  it('opens them, and nothing else does; wrong ones count as handshakes', async () => {
    const limits = { handshakes: { perSecond: 0.1, burst: 5 } }
    server = await start({ METRICS_TOKEN: 'the-token-of-prometheus-0123456789' }, { server: { limits } })
    const right = await get('rooms')
    expect([right.status, right.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const none = await get('rooms', {})
    expect(none.headers.get('www-authenticate')).toBe('Bearer')
    expect(await error(none)).toEqual([401, 'no_token'])
    const other = { authorization: 'Bearer the-token-of-prometheus-0123456789' }
    for (const path of ['rooms', 'nothing']) expect(await error(await get(path, other))).toEqual([401, 'bad_token'])
    expect(await error(await get(`rooms?token=${ADMIN_TOKEN}`, {}))).toEqual([401, 'no_token'])
    expect(await error(await post('kick', {}, { authorization: 'Basic x' }))).toEqual([401, 'no_token'])
    const late = await get('rooms', other)
    expect([late.status, late.headers.get('cache-control')]).toEqual([429, 'no-store'])
    expect((await get('rooms')).status).toBe(200)
  })
})

describe('a request of the operator', () => {
  it('of a page of another origin gets nothing', async () => {
    server = await start()
    const origin = 'https://elsewhere.example.org'
    const answer = await get('rooms', { authorization, origin })
    expect([await error(answer), answer.headers.get('access-control-allow-origin')]).toEqual([
      [403, 'foreign_origin'],
      null,
    ])
    const asked = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }
    const preflight = await fetch(`${server.url}/admin/kick`, { method: 'OPTIONS', headers: asked })
    const granted = [...preflight.headers.keys()].filter((name) => name.startsWith('access-control'))
    expect([preflight.status, granted]).toEqual([403, []])
    expect((await get('rooms', { authorization, origin: server.url })).status).toBe(200)
  })

  it('is checked: path, method, type, JSON, unknown and missing fields, and sizes', async () => {
    server = await start()
    expect(await error(await get('nothing'))).toEqual([404, 'not_found'])
    const wrongMethod = await get('kick')
    expect([await error(wrongMethod), wrongMethod.headers.get('allow')]).toEqual([[405, 'bad_method'], 'POST'])
    expect(await error(await post('rooms', {}))).toEqual([405, 'bad_method'])
    for (const query of ['limit=0', 'limit=1001', 'limit=x', 'offset=1', 'after=a&after=b', 'all=perhaps'])
      expect((await get(`rooms?${query}`)).status).toBe(400)
    expect(await error(await get('room'))).toEqual([400, 'bad_query'])
    expect(await error(await post('kick', '{', {}))).toEqual([400, 'bad_json'])
    expect(await error(await post('kick', '', {}))).toEqual([400, 'bad_json'])
    expect(await error(await post('kick', '{"__proto__":{}}', {}))).toEqual([400, 'bad_json'])
    for (const header of [{ 'content-type': 'text/plain' }, { 'content-encoding': 'gzip' }])
      expect(await error(await post('kick', { room: '/notes', id: 'a' }, header))).toEqual([415, 'bad_type'])
    const wrong = [
      {},
      [],
      { room: '/notes' },
      { room: '/notes', id: 'a', connection: 'b' },
      { room: '/notes', id: 'a', wait: 1 },
      { room: '/notes', id: 'a', reason: 'x'.repeat(124) },
      { room: '/notes', id: 'a', reason: 'a\nb' },
      { room: 7, id: 'a' },
    ]
    for (const body of wrong) {
      const answer = await post('kick', body)
      const { error, issues } = (await answer.json()) as { error: string; issues: unknown[] }
      expect([answer.status, error, issues.length > 0]).toEqual([400, 'invalid', true])
    }
    expect(await error(await post('say', { room: '/notes', type: 'note', data: {}, id: 'x'.repeat(65) }))).toEqual([
      400,
      'invalid',
    ])
  })

  it('names a room of the configuration', async () => {
    server = await start()
    for (const room of [
      '/nowhere',
      '/r/',
      '/r/a/b',
      '/r/..',
      'notes',
      '/notes?x',
      '/admin/rooms',
      '/r/a%zz',
      '/metrics',
    ]) {
      expect(await error(await get(`room?room=${encodeURIComponent(room)}`))).toEqual([404, 'not_found'])
      for (const [path, more] of [['kick', { id: 'a' }], ['restart'], ['say', { type: 'note' }]] as const)
        expect(await error(await post(path, { room, ...more }))).toEqual([404, 'not_found'])
    }
  })

  it('is a line in the log unless it is a GET: what, which room, from where, and no secret', async () => {
    server = await start()
    await get('rooms')
    await post('kick', { room: '/notes', id: 'nobody', reason: 'private reason' })
    await post('say', { room: '/notes', type: 'note', data: { text: 'private text' } })
    await post('restart', { room: '/nowhere' })
    await post('%72estart', { room: '/notes' })
    await post('restart', { room: '/notes' }, { authorization: 'Bearer private-guess' })
    await post('guessed-path', {}, { authorization: 'Bearer private-guess' })
    const lines = server.logs.filter(({ msg }) => msg === 'a request of the operator')
    expect(lines.map(({ what, room, from, status }) => [what, room, from, status])).toEqual([
      ['kick', '/notes', '127.0.0.1', 200],
      ['say', '/notes', '127.0.0.1', 200],
      ['restart', '/nowhere', '127.0.0.1', 404],
      ['restart', '/notes', '127.0.0.1', 200],
      ['restart', undefined, '127.0.0.1', 401],
      ['unknown', undefined, '127.0.0.1', 401],
    ])
    const written = JSON.stringify(server.logs) + (await (await fetch(`${server.url}/metrics`)).text())
    for (const secret of [ADMIN_TOKEN, 'private', 'guessed-path']) expect(written).not.toContain(secret)
  })
})
