/**
 * A real server for a test: on a free port, with the rooms of the test. An error in its log that the test did not
 * expect fails the test when it closes the server.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../src/clock.ts'
import { type Config, loadConfig } from '../../src/config/config.ts'
import { type Environment, readEnvironment } from '../../src/config/environment.ts'
import { kindOf, type Mount } from '../../src/config/mount.ts'
import { publicFiles } from '../../src/config/paths.ts'
import type { Definition } from '../../src/define.ts'
import type { Log } from '../../src/log/log.ts'
import { newLogger } from '../../src/operations/logger.ts'
import type { Random } from '../../src/random.ts'
import { createServer, type Server } from '../../src/server.ts'
import { loadPages, type WebPages } from '../../src/transports/http/pages.ts'
import { type Client, type ClientOptions, connect } from './client.ts'

const ROOMS = fileURLToPath(new URL('../../rooms/', import.meta.url))

/**
 * For a server whose clients vanish without a word: a client that polls, and asks no more, holds up the end of a server for
 * as long as it drains.
 */
export const BRIEF_DRAIN = { DRAIN_MS: '200' }

/** A line of `rooms.json`; `module` is looked for in `rooms/`, or the definition stands here itself. */
export type Line = { module?: string; definition?: unknown } & Record<string, unknown>

export interface Setup {
  /** Default: the rooms that ship. */
  rooms?: Record<string, Line>
  defaults?: Record<string, unknown>
  server?: Record<string, unknown>
  env?: Record<string, string>
  /** Settings no variable names, for tests that start the same server again. */
  environment?: Partial<Environment>
  /** For tests with a hand clock. */
  clock?: Clock
  /** For tests that draw from a seed. */
  random?: Random
  /** For tests with a log of their own. */
  log?: Log
}

export interface LogLine {
  level: number
  msg: string
  [field: string]: unknown
}

export interface TestServer {
  readonly url: string
  readonly ws: string
  readonly port: number
  readonly server: Server
  readonly logs: LogLine[]
  /** Errors in the log that match are expected. */
  expectError(pattern: RegExp): void
  /** Connects to a room: `connect('/chat', { name: 'ann' })`. */
  connect(path: string, query?: Record<string, string>, options?: ClientOptions): Promise<Client>
  reload(setup: Setup): Promise<string[]>
  close(): Promise<void>
}

export async function startServer(setup: Setup = {}): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'corridor-'))
  const env = { PORT: '0', DATA_DIR: ':memory:', DRAIN_MS: '2000', LOG_LEVEL: 'debug', ...setup.env }
  const environment = { ...readEnvironment(env, folder), ...setup.environment }
  const logs: LogLine[] = []
  const sink = new Writable({
    write(chunk, _, done) {
      logs.push(JSON.parse(String(chunk)))
      done()
    },
  })
  const expected: RegExp[] = []
  const config = await configOf(setup, folder)
  const logger = newLogger(environment.logLevel, sink)
  const { clock, random, log } = setup
  const pages = await pagesOf(environment)
  const given = { ...(clock && { clock }), ...(random && { random }), ...(log && { log }) }
  const server = await createServer({ environment, config, logger, pages, ...given })
  const { port, host } = new URL(server.url)
  const ws = server.url.replace(/^http/, 'ws')
  return {
    url: server.url,
    ws,
    port: Number(port || host.split(':')[1]),
    server,
    logs,
    expectError: (pattern) => void expected.push(pattern),
    connect: (path, query = {}, options = {}) => {
      const search = new URLSearchParams(query).toString()
      return connect(`${ws}${path}${search && `?${search}`}`, options)
    },
    reload: async (next) => server.reload(await configOf(next, folder)),
    async close() {
      await server.close()
      await rm(folder, { recursive: true })
      const surprises = logs.filter(({ level, msg }) => level >= 50 && !expected.some((pattern) => pattern.test(msg)))
      if (surprises.length > 0) throw new Error(`unexpected errors in the log: ${JSON.stringify(surprises, null, 2)}`)
    },
  }
}

/** The pages of each kind of server, made once for all servers of a process. */
const PAGES = new Map<string, WebPages>()

async function pagesOf({ basePath, adminToken }: Environment): Promise<WebPages> {
  const hasOperator = adminToken !== undefined
  const key = `${basePath} ${hasOperator}`
  const pages = PAGES.get(key) ?? loadPages(basePath, await publicFiles(), hasOperator)
  PAGES.set(key, pages)
  return pages
}

async function configOf({ rooms, defaults, server }: Setup, folder: string): Promise<Config> {
  if (!rooms) return loadConfig(join(ROOMS, 'rooms.json'))
  const lines = Object.entries(rooms).map(([path, { module = 'echo', definition, options, ...line }]) => {
    const file = module.startsWith('/') ? module : join(ROOMS, module)
    return [path, { ...line, module: file, ...(options !== undefined && !definition && { options }) }]
  })
  const file = join(folder, 'rooms.json')
  await writeFile(file, JSON.stringify({ defaults, server, rooms: Object.fromEntries(lines) }))
  const config = await loadConfig(file)
  return { ...config, mounts: config.mounts.map((mount) => withDefinition(mount, rooms[mount.pattern])) }
}

function withDefinition(mount: Mount, line: Line | undefined): Mount {
  if (!line?.definition) return mount
  const definition = line.definition as Definition
  const options = definition.options ? definition.options.parse(line.options ?? {}) : undefined
  return { ...mount, ...kindOf(definition), options }
}
