/**
 * What plain HTTP must not be talked into: files that are not for everyone, bodies that one reader takes for JSON and
 * another does not, keys that reach a prototype (catalogue: ST1 to ST3).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEnvironment } from '../../src/config/environment.ts'
import { publicFiles } from '../../src/config/paths.ts'
import { openStream, post } from '../support/event-stream.ts'
import { tally, tellWrong } from '../support/figures.ts'
import notes from '../support/notes.ts'
import { exchange, request } from '../support/raw.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startServer({ rooms: { '/notes': { definition: notes }, '/r/:name': { definition: notes } } })
})

afterAll(() => server.close())

const HOST = ['Host', '127.0.0.1'] as const
const CLOSE = ['Connection', 'close'] as const
const get = (target: string) => exchange(server.port, request(`GET ${target}`, [HOST, CLOSE]))

describe('a file', () => {
  const one = tally('ST1', 'paths that led to a file')
  it('of public/ is served, each of them, with its type and the headers of a page', async () => {
    const types = { html: 'text/html', css: 'text/css', js: 'javascript', svg: 'image/svg+xml' }
    const files = [...(await publicFiles())]
    expect(files.length).toBeGreaterThan(20)
    for (const file of files) {
      const answer = await fetch(server.url + file)
      expect([file, answer.status]).toEqual([file, 200])
      expect(answer.headers.get('content-type')).toContain(types[file.split('.').at(-1) as 'js'])
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    }
  })

  it('of anywhere else is not, however its path is written', async () => {
    const ups = ['..', '%2e%2e', '.%2e', '%2E.', '%252e%252e', '..%00', '%c0%ae%c0%ae', '..;', '...', '%uff0e%uff0e']
    const slashes = ['/', '%2f', '%5c', '\\', '%252f', '//', '/./', '%c0%af']
    const files = ['package.json', 'src/main.ts', 'rooms/rooms.json', '.git/config', 'data/corridor.db', '.env']
    const targets = ups.flatMap((up) =>
      slashes.flatMap((slash) =>
        files.flatMap((file) => [
          `/${up}${slash}${file}`,
          `/r/${up}${slash}${file}`,
          `/icons/${up}${slash}${up}${slash}${file}`,
        ]),
      ),
    )
    const beside = [
      '/.env',
      '/.git/config',
      '/lobby.js.map',
      '/client.d.ts',
      '/corridor.db',
      '/corridor.db-wal',
      '/public/lobby.js',
      '/lobby.js/',
      '/lobby.js%00.txt',
      '/LOBBY.JS',
      '/lobby%2ejs%20',
    ]
    for (const target of [...targets, ...beside]) {
      const { status, body } = await get(target)
      // A name such as ".%2e%5c" may be a room's own; the answer is never a file.
      await one(() => {
        expect([target, [200, 400, 403, 404].includes(status)]).toEqual([target, true])
        if (status === 200) expect(JSON.parse(body)).toMatchObject({ kind: 'event' })
        expect(body).not.toMatch(/"scripts"|"dependencies"|process\.argv|"rooms":\s*\{|\[core\]|SQLite format/)
      })
    }
    expect((await get('/client.d.ts')).status).toBe(404)
  })

  it('of the log cannot come to lie there: such a start is refused', () => {
    const shown = `${import.meta.dirname}/../../public`
    for (const DATA_DIR of [shown, `${shown}/data`, `${shown}/a/../b`, `${shown}/`]) {
      expect(() => readEnvironment({ DATA_DIR })).toThrow('DATA_DIR: expected a folder outside of public/')
    }
    expect(readEnvironment({ DATA_DIR: `${shown}-data` }).dataDir).toMatch(/public-data$/)
  })
})

describe('a body', () => {
  tellWrong('ST2', 'tests that found a bypass')
  const BODY = JSON.stringify({ type: 'note', data: { text: 'kept' } })
  const length = async () => ((await (await fetch(`${server.url}/notes?offset=-1`)).json()) as unknown[]).length
  const said = async (...types: string[]) => {
    const headers = [
      HOST,
      CLOSE,
      ...types.map((type) => ['Content-Type', type] as const),
      ['Content-Length', `${BODY.length}`] as const,
    ]
    return (await exchange(server.port, request('POST /notes', headers) + BODY)).status
  }

  it('is taken for JSON if the content type says so', async () => {
    for (const type of [
      'application/json',
      'Application/JSON',
      ' application/json ',
      'application/json;charset=utf-8',
      'application/json; charset="utf-8"',
      'application/json ; charset = UTF-8',
      '\tapplication/json\t',
    ]) {
      expect([type, await said(type)]).toEqual([type, 204])
    }
  })

  it('is not where it says anything else, or may be read in two ways; and nothing of it is kept', async () => {
    const before = await length()
    const wrong = [
      'text/plain',
      'application/json x',
      'application/json, text/plain',
      'application/json;',
      'application/json;charset=utf-7',
      'application/json;charset=utf-16',
      'application/json;charset=utf-8;charset=utf-16',
      'application/json; boundary=x',
      'application/jsonx',
      'application/json+x',
      'xapplication/json',
      'application /json',
      'application/ json',
      'application/json\u000b',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain;application/json',
      '',
    ]
    for (const type of wrong) expect([type, [400, 409, 415].includes(await said(type))]).toEqual([type, true])
    // Node keeps the first of two, a proxy may have read the last.
    for (const types of [
      ['text/plain', 'application/json'],
      ['application/json', 'text/plain'],
    ])
      expect([types, [400, 409, 415].includes(await said(...types))]).toEqual([types, true])
    expect(await length()).toBe(before)
  })
})

describe('a key that reaches for a prototype', () => {
  const one = tally('ST3', 'disagreements')
  const CORPUS = [
    '{"type":"note","data":{"text":"x","__proto__":{"polluted":1}}}',
    '{"type":"note","data":{"text":"x"},"__proto__":{"polluted":1}}',
    '{"__proto__":{"type":"note"},"data":{"text":"x"}}',
    '{"type":"note","data":{"text":"x","\\u005f_proto__":{"polluted":1}}}',
    '{"type":"note","data":{"text":"x","constructor":{"prototype":{"polluted":1}}}}',
    '{"type":"note","data":{"text":"x","a":{"b":{"__proto__":1}}}}',
    '{"type":"__proto__","data":{}}',
    '{"type":"constructor","data":{}}',
    '{"type":"toString"}',
    '{"type":"hasOwnProperty"}',
    '{"type":"note","data":{"text":"x","prototype":{"polluted":1}}}',
    '{"type":"note","data":{"text":"x","constructor":{"name":"x"}}}',
    '{"type":"note","data":{"text":"__proto__"}}',
  ]

  it('is judged alike over a WebSocket, a POST and the POST of a stream’s peer, and reaches none', async () => {
    const verdicts: string[][] = []
    const stream = await openStream(`${server.url}/r/judged?live=sse&client=c`)
    const { peer = '' } = await stream.control()
    const overHttp = async (body: string, headers = {}) => {
      const answer = await post(`${server.url}/r/judged`, body, headers)
      return answer.ok ? 'taken' : ((await answer.json()) as { error: string }).error
    }
    const ann = await server.connect('/r/judged', { name: 'ann' })
    await ann.next('welcome')
    for (const text of CORPUS) {
      ann.sendText(text)
      const frame = await ann.next<{ code: string }>()
      const heard = frame.type === 'error' ? frame.data.code : 'taken'
      verdicts.push([
        text,
        heard,
        await overHttp(text),
        await overHttp(`[${text}]`),
        await overHttp(text, { 'Corridor-Peer': peer }),
      ])
      // Events of the others arrive too.
      if (heard === 'taken') for (let left = 3; left > 0; left -= 1) await ann.next('noted')
    }
    stream.close()
    for (const [text, ...each] of verdicts)
      await one(() => expect([text, [...new Set(each)]]).toEqual([text, each.slice(0, 1)]))
    const codes = verdicts.map(([, verdict]) => verdict)
    expect(codes).toEqual([...Array(6).fill('bad_json'), ...Array(4).fill('unknown_type'), ...Array(3).fill('taken')])
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted')
    expect(({} as { polluted?: unknown }).polluted).toBe(undefined)
  })
})
