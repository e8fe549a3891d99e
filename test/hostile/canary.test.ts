/**
 * No secret gets out (catalogue: AU8): a canary in everything a client may carry one in, along every way to fail, and
 * then a search of all that the server wrote: every line of its log, its metrics, the bodies and heads of its answers.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../src/define.ts'
import { tell } from '../support/figures.ts'
import { exchange, frame, type Headers, handshake, RawClient, request } from '../support/raw.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { keyPair, SECRET, sign } from '../support/tokens.ts'

const CANARY = 'canary-4b1d7e'

const frail = defineRoom({
  receives: { bug: z.string(), refuse: z.string() },
  sends: {},
  admit(_, { query }) {
    if (query.get('way') === 'bug') throw new TypeError('a bug of the author')
    if (query.get('way') === 'no') throw new RoomError('no', 'not now')
  },
  open: () => ({
    join(peer) {
      if (peer.name === 'unlucky') throw new Error('a bug in join')
    },
    receive: {
      bug() {
        throw new Error('a bug in a handler')
      },
      refuse() {
        throw new RoomError('refused', 'not that')
      },
    },
  }),
})
const shut = defineRoom({
  receives: {},
  sends: {},
  open() {
    throw new Error('it does not open')
  },
})

let server: TestServer
const said: string[] = []

beforeAll(async () => {
  const auth = { secret: SECRET, cookie: 'pass' }
  server = await startServer({
    server: { limits: { handshakes: { perSecond: 1e6, burst: 1e6 } } },
    env: { LOG_LEVEL: 'trace', METRICS_TOKEN: 'the-token-of-the-operator' },
    rooms: {
      '/open': { definition: frail },
      '/locked': { definition: frail, auth },
      '/named': { definition: frail, auth: { ...auth, issuer: 'https://issuer.example' } },
      '/keyless': { definition: frail, auth: { jwksUrl: 'http://127.0.0.1:1/keys' } },
      '/shut': { definition: shut },
      '/one': { definition: frail, limits: { perAddress: 1 }, protocols: ['a'] },
      '/raw': { module: 'echo' },
      '/r/:name': { definition: frail },
    },
  })
  server.expectError(/a request failed|open failed|a bug|join|handler|receive|failed/)
})

afterAll(() => server.close())

/** Everywhere a secret travels. `token`: one that is no token at all, or a good one of the room. */
function laden(token: string): Headers {
  return [
    ['Authorization', `Bearer ${token}`],
    ['Cookie', `pass=${token}; session=${CANARY}`],
    ['Sec-WebSocket-Protocol', `bearer.${token}, a`],
    ['Referer', `http://127.0.0.1/?token=${CANARY}`],
    ['User-Agent', CANARY],
    ['X-Api-Key', CANARY],
    ['X-Request-Id', CANARY],
    ['X-Forwarded-For', CANARY],
    ['Corridor-Peer', CANARY],
    ['Last-Event-ID', CANARY],
    ['If-None-Match', CANARY],
  ]
}

const PATHS = [
  '/open',
  '/locked',
  '/named',
  '/keyless',
  '/shut',
  '/one',
  '/raw',
  '/r/tea',
  '/nowhere',
  '/%zz',
  '//',
  '/metrics',
  '/readyz',
  '/',
]
const QUERIES = [
  '',
  'way=bug',
  'way=no',
  'offset=-1',
  `offset=${CANARY}`,
  `name=${'x'.repeat(41)}`,
  'name=unlucky',
  'live=wrong',
  'live=sse&client=c',
  `client=${CANARY}%20`,
  `x=${'y'.repeat(5000)}`,
]
const VERBS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'BREW']

/** One request; all that came back before the server was done with it, or began to stream. */
async function attempt(...pieces: (string | Buffer)[]): Promise<void> {
  const client = new RawClient(server.port)
  await client.write(...pieces).catch(() => {})
  const answer = await client.answer(String(pieces[0]).startsWith('HEAD')).catch(() => undefined)
  said.push(JSON.stringify(answer ?? 'no answer'))
  client.reset()
}

it('whatever fails, in whatever way, no secret of a client gets out', async () => {
  const good = await sign({ sub: 'ann', secret: CANARY })
  const [, payload = '', signature = ''] = good.split('.')
  const close = ['Connection', 'close'] as const
  for (const token of [
    CANARY,
    `${CANARY}.${CANARY}.${CANARY}`,
    good,
    await sign({ exp: 1 }),
    await sign({}, { kid: CANARY }),
    await sign({}, { alg: 'RS256', kid: CANARY }, (await keyPair()).privateKey),
  ]) {
    for (const path of PATHS) {
      await Promise.all(
        QUERIES.flatMap((query) => {
          const target = `${path}?token=${CANARY}&${query}`
          return [
            attempt(request(`GET ${target}`, [['Host', '127.0.0.1'], close, ...laden(token)])),
            attempt(request(`GET ${target}`, [...handshake(), ...laden(token)])),
          ]
        }),
      )
      const target = `${path}?token=${CANARY}`
      for (const verb of VERBS)
        await attempt(request(`${verb} ${target}`, [['Host', '127.0.0.1'], close, ...laden(token)]))
      for (const change of [
        { Origin: `https://${CANARY}.example` },
        { 'Sec-WebSocket-Version': '12' },
        { 'Sec-WebSocket-Key': CANARY },
        { Host: `${CANARY}/` },
      ])
        await attempt(request(`GET ${target}`, [...handshake(change), ...laden(token)]))
      for (const body of ['{"type":"bug","data":"x"}', '{"type":"refuse","data":"x"}', '{', '[]', 'x'.repeat(70_000)]) {
        const length = ['Content-Length', String(body.length)] as const
        const type = ['Content-Type', 'application/json'] as const
        const quiet = laden(token).filter(([name]) => name !== 'Corridor-Peer')
        await attempt(request(`POST ${target}`, [['Host', '127.0.0.1'], close, length, type, ...quiet]), body)
      }
    }
  }
  await attempt(`GET /open?${CANARY} HTTP/9.9\r\nCookie: ${CANARY}\r\n\r\n`)
  await attempt(`GET /open HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie ${CANARY}\r\n\r\n`)
  await attempt(`GET /open HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${CANARY}${'x'.repeat(20_000)}\r\n\r\n`)

  // A peer that is let in, and whose messages fail.
  const ann = new RawClient(server.port)
  await ann.write(request(`GET /locked?name=${CANARY}`, [...handshake(), ...laden(good)]))
  said.push(JSON.stringify(await ann.answer()))
  await ann.write(frame(1, '{"type":"bug","data":"x","id":"1"}'), frame(1, '{"type":"refuse","data":"x"}'))
  said.push(await ann.frame(), await ann.frame(), await ann.frame())
  ann.reset()

  const host = [
    ['Host', '127.0.0.1'],
    ['Connection', 'close'],
  ] as const
  const operator = ['Authorization', 'Bearer the-token-of-the-operator'] as const
  const metrics = await exchange(server.port, request('GET /metrics', [...host, operator]))
  expect([metrics.status, metrics.headers['content-type']]).toEqual([200, expect.stringContaining('text/plain')])
  const log = server.logs.map((line) => JSON.stringify(line))

  // That it looked at something: every failure is there, in the log and in the metrics.
  const codes = [...metrics.body.matchAll(/^corridor_refusals_total\{code="(\w+)"\}/gm)].map(([, code]) => code)
  for (const code of [
    'bad_token',
    'token_expired',
    'no_such_room',
    'foreign_origin',
    'bad_offset',
    'bad_name',
    'admit',
    'internal',
    'keys_unavailable',
    'room_failed',
    'bad_target',
    'bad_host',
    'bad_version',
    'too_large',
    'bad_method',
    'raw_room',
    'module',
  ]) {
    expect(codes).toContain(code)
  }
  expect(log.length).toBeGreaterThan(1000)
  const secrets = [CANARY, good, payload, signature, 'the-token-of-the-operator', SECRET]
  const hits = [...said, ...log, metrics.body].filter((line) => secrets.some((secret) => line.includes(secret)))
  tell('AU8', `hits in ${said.length} answers and ${log.length} lines of log`, hits.length)
  for (const secret of secrets) {
    for (const lines of [said, log, [metrics.body]])
      expect(lines.filter((line) => line.includes(secret)).slice(0, 3)).toEqual([])
  }
})
