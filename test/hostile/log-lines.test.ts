/**
 * The log as its reader meets it: one line of JSON an event, whatever clients put into it, with a name for each request
 * that failed.
 */
import { Writable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { defineRoom, RoomError } from '../../src/define.ts'
import { newLogger } from '../../src/operations/logger.ts'
import { refused } from '../support/client.ts'
import { tellWrong } from '../support/figures.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** What a logger writes, in the pieces it writes. */
function written(log: (logger: ReturnType<typeof newLogger>) => void): string[] {
  const lines: string[] = []
  const sink = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk))
      done()
    },
  })
  log(newLogger('trace', sink))
  return lines
}

const NASTY = [
  'a\r\nb',
  '{"level":60}\n{"level":60,"msg":"forged"}',
  '\u001b[2J\u001b[31mred\u001b]0;title\u0007',
  '\u009b31m',
  'a\u2028b\u2029c',
  '\u0085next line',
  '\u202egnp.exe',
  'zero\u200bwidth\ufeff',
  'nul\0\u0001\u007f',
  '\ud800 half',
  '\u000b\u000c',
]

describe('a line of the log', () => {
  tellWrong('LB7', 'texts that broke a line')
  it.each(NASTY)('stays one line that shows all it has, and means the same: %j', (text) => {
    for (const log of [
      (logger: ReturnType<typeof newLogger>) => logger.info(text),
      (logger: ReturnType<typeof newLogger>) => logger.info({ field: text, deep: { list: [text] } }, 'said'),
      (logger: ReturnType<typeof newLogger>) => logger.child({ room: text }).warn('said'),
      (logger: ReturnType<typeof newLogger>) => logger.error({ err: new Error(text) }, 'failed'),
      (logger: ReturnType<typeof newLogger>) => logger.info({ [text]: 1 }, 'a key'),
    ]) {
      const [line = '', ...more] = written(log)
      expect(more).toEqual([])
      expect(line).toMatch(/^\{[^\n]*\}\n$/)
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
      expect(JSON.stringify(JSON.parse(line))).toContain(JSON.stringify(text).slice(1, -1))
    }
    expect(JSON.parse(written((logger) => logger.info(text))[0] ?? '').msg).toBe(text)
  })

  it('has a bound: long texts are cut and say so, and what is still too long keeps what it is about', () => {
    const long = 'x'.repeat(1024 * 1024)
    const [cut = ''] = written((logger) =>
      logger.child({ room: '/r' }).info({ text: long, err: new Error(long) }, 'said'),
    )
    expect(cut.length).toBeLessThan(8200)
    expect(JSON.parse(cut)).toMatchObject({
      room: '/r',
      msg: 'said',
      text: expect.stringMatching(/^x{1000}… \(1048576\)$/),
    })
    const [many = ''] = written((logger) => logger.info({ list: Array.from({ length: 10_000 }, () => 'x') }, long))
    expect(many.length).toBeLessThan(8200)
    expect(JSON.parse(many)).toMatchObject({
      level: 30,
      msg: expect.stringContaining('… (1048576)'),
      cut: expect.any(Number),
    })
    const [whole = ''] = written((logger) => logger.info({ text: 'x'.repeat(5000) }, 'said'))
    expect(JSON.parse(whole).text).toHaveLength(5000)
  })
})

describe('a request that fails', () => {
  let server: TestServer
  afterEach(() => server.close())

  const frail = defineRoom({
    receives: {},
    sends: {},
    admit(_, { query }) {
      if (query.get('way') === 'bug') throw new TypeError('a bug of the author')
      if (query.get('way') === 'no') throw new RoomError('no\n', 'not now')
    },
    open: () => ({}),
  })
  const start = async (env: Record<string, string> = {}) => {
    server = await startServer({ rooms: { '/r/:name': { definition: frail } }, env })
    server.expectError(/^a request failed$/)
  }
  const last = () => server.logs.at(-1)

  it('is logged at debug by code and line of rooms.json, never by path or query', async () => {
    await start()
    await refused(`${server.ws}/r/tea?way=no&token=x`)
    expect(last()).toMatchObject({ level: 20, msg: 'refused', code: 'no\n', status: 403, room: '/r/:name' })
    await fetch(`${server.url}/r/tea?offset=wrong`)
    expect(last()).toMatchObject({ level: 20, msg: 'refused', code: 'bad_offset', status: 400, room: '/r/:name' })
    await fetch(`${server.url}/nowhere?secret=x`)
    expect(last()).toMatchObject({ code: 'no_such_room', status: 404, req: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    expect(last()).not.toHaveProperty('room')
    expect(JSON.stringify(server.logs)).not.toMatch(/tea|nowhere|secret|token/)
  })

  it('by a server error is logged in full, under an id that is also in the answer', async () => {
    await start()
    const answers = [
      await fetch(`${server.url}/r/tea?offset=-1&way=bug`).then(({ headers }) => headers.get('x-request-id')),
    ]
    answers.push(String((await refused(`${server.ws}/r/tea?way=bug`)).headers['x-request-id']))
    const lines = server.logs.filter(({ level }) => level >= 50)
    expect(lines.map(({ req }) => req)).toEqual(answers)
    expect(new Set(answers).size).toBe(2)
    for (const line of lines) {
      expect(line).toMatchObject({ msg: 'a request failed', room: '/r/:name' })
      expect(line.err).toMatchObject({ message: "the module's admit failed: a bug of the author" })
    }
  })

  it('is called what a proxy that is trusted calls it, and nobody else can name it', async () => {
    await start({ TRUST_PROXY: '127.0.0.1' })
    const nameOf = async (id: string) => {
      await refused(`${server.ws}/nowhere`, { headers: { 'X-Request-Id': id } })
      return last()?.req
    }
    expect(await nameOf('7f3a-11.b:c')).toBe('7f3a-11.b:c')
    for (const id of ['a b', 'x'.repeat(129), '{"a":1}', '']) expect(await nameOf(id)).toMatch(/^[0-9a-f-]{36}$/)
    await server.close()
    await start()
    expect(await nameOf('7f3a')).toMatch(/^[0-9a-f-]{36}$/)
  })
})
