/** The README says what is true: its tables and links are held against the code; `readme-examples.test.ts` runs its examples. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { readEnvironment } from '../../src/config/environment.ts'
import { schemaText } from '../../src/config/schema-text.ts'
import { Close } from '../../src/errors.ts'
import { MemoryLog } from '../../src/log/memory.ts'
import { FORMAT_VERSION } from '../../src/log/sqlite/tables.ts'
import { systemRandom } from '../../src/random.ts'
import { post } from '../support/event-stream.ts'
import { startServer } from '../support/server.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const readme = readFileSync(here('../../README.md'), 'utf8')
const source = readdirSync(here('../../src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(here('../../src'), name), 'utf8'))
  .join('\n')

/** The text under a heading, down to the next of its level or above. */
function section(heading: string): string {
  const [, level = '', text] = new RegExp(`^(#+) ${heading.replaceAll('.', '\\.')}$([\\s\\S]*)`, 'm').exec(readme) ?? []
  if (text === undefined) throw new Error(`expected the heading "${heading}" in README.md`)
  return text.split(new RegExp(`^#{1,${level.length}} `, 'm'))[0] ?? ''
}

/** The cells of the tables under a heading, without their heads. */
function rows(heading: string): string[][] {
  const lines = section(heading).split('\n')
  const body = lines.filter(
    (line, i) => /^\|/.test(line) && !/^\| ---/.test(line) && !/^\| ---/.test(lines[i + 1] ?? ''),
  )
  return body.map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  )
}

const codesIn = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '')
const found = (pattern: RegExp) => [...new Set([...source.matchAll(pattern)].map(([, code]) => code ?? ''))].sort()

describe('the tables of the README', () => {
  it('name the commands of package.json', () => {
    const { scripts } = JSON.parse(readFileSync(here('../../package.json'), 'utf8'))
    const verbs = rows('Commands').map(([command = '']) => /^`npm (?:run )?([a-z:-]+)/.exec(command)?.[1])
    expect(verbs.sort()).toEqual(Object.keys(scripts).sort())
    const mentioned = [...readme.matchAll(/npm run ([a-z:-]*[a-z])/g)].map(([, verb]) => verb ?? '')
    expect(mentioned.filter((verb) => !scripts[verb])).toEqual([])
    expect(readFileSync(here('../../.ci/run'), 'utf8')).toContain('\nnpm ci && npm test\n')
    expect(readme).toContain('\n    npm ci && npm test\n')
  })

  it('name every variable with its default', () => {
    const text = readFileSync(here('../../src/config/environment.ts'), 'utf8')
    const known = ['ROOMS', 'PUBLIC', ...[...text.matchAll(/^ {2}([A-Z_]+): /gm)].map(([, name]) => name ?? '')]
    const table = rows('Environment').flatMap(([names, value = '']) =>
      codesIn(names).map((name) => [name, value] as const),
    )
    expect(table.map(([name]) => name).sort()).toEqual(known.sort())

    const environment = readEnvironment({}, '/cwd')
    const { host, port, basePath, rooms, dataDir, linkPort, logLevel, drainMs, drainNoticeMs, keepAliveMs, ...none } =
      environment
    expect(Object.fromEntries(table)).toEqual({
      HOST: `\`${host}\``,
      PORT: `\`${port}\``,
      BASE_PATH: `\`${basePath}/\``,
      ROOMS: `\`${rooms.replace('/cwd/', '')}\``,
      DATA_DIR: `\`${dataDir.replace('/cwd/', '')}\``,
      LOG_LEVEL: `\`${logLevel}\``,
      DRAIN_MS: `\`${drainMs}\``,
      KEEP_ALIVE_MS: `\`${keepAliveMs}\``,
      DRAIN_NOTICE_MS: `\`${drainNoticeMs}\``,
      PUBLIC: '`public` beside the folder of `rooms.json`, if there is one',
      ALLOWED_HOSTS: 'see below',
      TRUST_PROXY: 'none',
      TLS_CERT: 'none',
      TLS_KEY: 'none',
      REDIS_URL: 'none',
      LINK_HOST: 'the local address of the connection to Redis',
      LINK_PORT: `\`${linkPort}\``,
      METRICS_TOKEN: 'none',
      ADMIN_TOKEN: 'none',
    })
    expect(none).toEqual({
      redisUrl: undefined,
      linkHost: undefined,
      trustProxy: [],
      allowedHosts: undefined,
      tls: undefined,
      metricsToken: undefined,
    })
  })

  it('name every key of rooms.json with its default', () => {
    const { defaults, server } = JSON.parse(schemaText()).properties
    const keys = [...keysOf('', defaults), ...keysOf('server.', server)]
    const table = rows('rooms.json').map(([key, value]) => [codesIn(key)[0], codesIn(value)[0] ?? ''])
    expect(table).toEqual(keys)
    // One row stands for a section that is not in use.
    expect(keys.map(([key]) => key)).toContain('auth')
  })

  it('name the close codes that are sent, and why', () => {
    const used = Object.entries(Close).filter(([name]) => new RegExp(`\\bClose\\.${name}\\b`).test(source))
    const table = rows('Close codes').map(([code, reason]) => `${code} ${reason}`)
    const ours = used.map(([, { code, reason }]) => `${code} ${reason}`)
    // `ws` sends them without a reason.
    const isOurs = (row: string) => !/^100[79] /.test(row)
    expect(table.filter(isOurs).sort()).toEqual(ours.filter(isOurs).sort())
  })

  it('name every refusal', () => {
    const table = rows('Refusals').flatMap(([status, codes]) => codesIn(codes).map((code) => `${status} ${code}`))
    const thrown = [...source.matchAll(/new Refusal\(\s*(\d+),\s*'(\w+)'/g)].map(
      ([, status, code]) => `${status} ${code}`,
    )
    expect(new Set(table)).toEqual(new Set(thrown))
  })

  it('name every code of an error', () => {
    const table = rows('Messages').flatMap(([code]) => (/^`[a-z_]+`$/.test(code ?? '') ? codesIn(code) : []))
    const known = new Set([...found(/new RoomError\(\s*'(\w+)'/g), ...found(/^ {2}(\w+): [45]\d\d,$/gm)])
    expect(table.sort()).toEqual([...known].sort())
  })

  it('name HTTP paths that answer', async () => {
    const server = await startServer()
    const paths = rows('HTTP paths').flatMap(([path]) => codesIn(path).filter((code) => code.startsWith('/')))
    const lobby = await (await fetch(server.url, { headers: { Accept: 'text/html' } })).text()
    const [asset = ''] = /assets\/[^"]+/.exec(lobby) ?? []
    for (const path of paths) {
      const real = path === '/assets/…' ? `/${asset}` : path.replace('…', '-1')
      const answer = await fetch(server.url + real)
      expect({ path, status: answer.status }).toEqual({ path, status: 200 })
    }
    await server.close()
  })

  it('name every metric, with its labels and its kind', async () => {
    const warnings = [{ kind: 'eviction', text: 'it may be deleted' }]
    const log = Object.assign(new MemoryLog(systemClock(), systemRandom()), { warnings })
    const server = await startServer({ log })
    const peer = await server.connect('/chat')
    await fetch(`${server.url}/nowhere`)
    await post(`${server.url}/chat`, 'x'.repeat(100_000))
    peer.sendBinary(new Uint8Array(1))
    await peer.closed
    const text = await (await fetch(`${server.url}/metrics`)).text()
    const kinds = [...text.matchAll(/^# TYPE (corridor_\w+) (\w+)$/gm)].map(([, name = '', kind]) => {
      const labels = new RegExp(`^${name}(?:_count)?\\{(\\w+)=`, 'm').exec(text)?.[1]
      return [name, labels ?? '', kind]
    })
    const table = rows('Metrics').map(([name, label, kind]) => [codesIn(name)[0], codesIn(label)[0] ?? '', kind])
    expect(table.sort()).toEqual(kinds.sort())
    await server.close()
  })

  it('say why each dependency is there', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(here('../../package.json'), 'utf8'))
    const table = rows('Decisions').flatMap(([names]) => codesIn(names))
    expect(table.sort()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).sort())
  })

  it('name the rooms that ship', () => {
    const { rooms } = JSON.parse(readFileSync(here('../../rooms/rooms.json'), 'utf8'))
    const paths = Object.keys(rooms).filter((path) => !path.startsWith('/tutorial/'))
    const table = rows('The rooms that ship').flatMap(([cell]) => codesIn(cell))
    expect(table).toEqual([...paths, '/tutorial/…'])
  })
})

it('every link of the README leads somewhere', () => {
  const files = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, file]) => file ?? '')
  expect(files).toContain('docs/chat.png')
  for (const file of files) expect(() => readFileSync(here(`../../${file}`))).not.toThrow()
  const named = [...readme.matchAll(/`((?:src|test|rooms)\/[\w./-]+\.\w+)`/g)].map(([, file]) => file ?? '')
  for (const file of named.filter((file) => !file.includes('quiz')))
    expect(() => readFileSync(here(`../../${file}`))).not.toThrow()
})

it('the README names the format of the database', () => {
  expect(readFileSync(here('../../README.md'), 'utf8')).toContain(`\`PRAGMA user_version\`, now ${FORMAT_VERSION};`)
})

it('test/README.md names every helper, and no file that is not there', () => {
  const text = readFileSync(here('../README.md'), 'utf8')
  const names = [...text.matchAll(/`([\w/-]+(?:\.\w+)*\.ts)`/g)].map(([, name]) => name ?? '')
  const support = readdirSync(here('../support')).filter((name) => name.endsWith('.ts'))
  for (const name of names.filter((name) => !name.startsWith('src/') && !support.includes(name)))
    expect(() => readFileSync(here(`../${name}`))).not.toThrow()
  const suites = names.map((name) => name.replace(/^support\//, ''))
  expect(support.filter((file) => !suites.includes(file))).toEqual([])
})

function keysOf(
  prefix: string,
  schema: { properties?: Record<string, { properties?: object; default?: unknown }> },
): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    if (key === 'auth') return [[prefix + key, '']]
    if (inner.properties) return keysOf(`${prefix}${key}.`, inner as typeof schema)
    return [[prefix + key, inner.default === undefined ? '' : JSON.stringify(inner.default)]]
  })
}
