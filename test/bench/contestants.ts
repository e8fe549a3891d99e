/** Who takes part: how each server is started, and how its clients speak. `servers/` has the peers, each a few lines. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DialectName } from './load/job.ts'

export interface Contestant {
  readonly name: string
  /** As the tables and the plot call it. */
  readonly title: string
  readonly dialect: DialectName
  /** The program and its arguments; `data` is an empty folder for what it keeps. */
  command(data: string): string[]
  /** Set besides the environment of the benchmark. */
  environment(data: string): Record<string, string>
  /** What must be installed for it, below `node_modules/`. */
  readonly needs?: string
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
/** What `npm start` gives to Node. */
const START_FLAGS = (JSON.parse(readFileSync(here('../../package.json'), 'utf8')).scripts.start as string)
  .split(' ')
  .filter((word) => word.startsWith('--'))
/** Corridor's rooms with limits that one generator on one address does not reach. */
export const ROOMS_FILE = 'rooms.json'

export function roomsJson(compression: boolean, socketio: boolean): string {
  const rate = { perSecond: 1e6, burst: 1e6 }
  const talk = { module: here('rooms/talk.ts') }
  return JSON.stringify({
    defaults: { compression, limits: { peers: 100_000, perAddress: 100_000, rate } },
    server: { limits: { peers: 100_000, handshakes: rate }, socketio },
    rooms: {
      '/room': talk,
      '/r/:name': talk,
      '/open/:name': { ...talk, instances: 100_000 },
      '/echo': { module: here('../../rooms/echo.ts') },
    },
  })
}

function corridor(name: string, title: string, isKept: boolean, dialect: DialectName = 'corridor'): Contestant {
  return {
    name,
    title,
    dialect,
    command: () => [process.execPath, ...START_FLAGS, here('../../src/main.ts'), 'start'],
    environment: (data) => ({
      PORT: '0',
      HOST: '127.0.0.1',
      BASE_PATH: '/',
      LOG_LEVEL: 'warn',
      DRAIN_MS: '1000',
      ROOMS: `${data}/${ROOMS_FILE}`,
      DATA_DIR: isKept ? `${data}/data` : ':memory:',
    }),
  }
}

function peer(name: string, title: string, file: string, needs: string, dialect: DialectName = 'plain'): Contestant {
  const isDeflated = name.endsWith('-deflate')
  return {
    name,
    title,
    dialect,
    needs,
    command: () => [file === 'bun.js' ? bunFile() : process.execPath, here(`servers/${file}`)],
    environment: () => ({ ...(isDeflated && { DEFLATE: '1' }), ...(name.endsWith('-text') && { TEXT: '1' }) }),
  }
}

export const contestants: readonly Contestant[] = [
  corridor('corridor', 'Corridor', false),
  corridor('corridor-sqlite', 'Corridor, SQLite', true),
  corridor('corridor-deflate', 'Corridor, compressed', false),
  corridor('corridor-socketio', 'Corridor, SQLite, Socket.IO clients', true, 'gateway'),
  peer('ws', 'ws loop', 'ws.js', 'ws'),
  peer('ws-text', 'ws loop of strings', 'ws.js', 'ws'),
  peer('ws-deflate', 'ws loop, compressed', 'ws.js', 'ws'),
  peer('socketio', 'Socket.IO', 'socketio.js', 'socket.io', 'socketio'),
  peer('socketio-deflate', 'Socket.IO, compressed', 'socketio.js', 'socket.io', 'socketio'),
  peer('fastify', '@fastify/websocket', 'fastify.js', '@fastify/websocket'),
  peer('bun', 'Bun', 'bun.js', 'bun'),
  peer('bun-deflate', 'Bun, compressed', 'bun.js', 'bun'),
]

export function contestant(name: string): Contestant {
  const found = contestants.find((contestant) => contestant.name === name)
  if (found) return found
  throw new Error(`expected a server of ${contestants.map(({ name }) => name).join(', ')}, got "${name}"`)
}

/** The version of an installed package of the benchmark. */
export function versionOf(packageName: string): string | undefined {
  const file = here(`node_modules/${packageName}/package.json`)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : undefined
}

/** Bun's program: its install script puts it in place of a small stand-in; without it, the platform's package has it. */
function bunFile(): string {
  const placed = here('node_modules/bun/bin/bun.exe')
  if (existsSync(placed) && statSync(placed).size > 1e6) return placed
  const platforms = here('node_modules/@oven')
  const files = existsSync(platforms) ? readdirSync(platforms).map((name) => `${platforms}/${name}/bin/bun`) : []
  const file = files.find((file) => existsSync(file))
  if (file) return file
  throw new Error('expected the program of Bun in test/bench/node_modules; run: npm ci --prefix test/bench')
}
