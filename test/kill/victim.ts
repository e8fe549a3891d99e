/**
 * A server that is killed and started again, on one port and one database: the real one, or `server.ts` beside this file
 * where it shall kill itself at a named point.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { type Exit, Process } from '../support/process.ts'
import type { RedisServer } from '../support/redis.ts'
import { redisContents } from '../support/redis-contents.ts'
import type { Entry } from './checker.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const QUIET = ['--disable-warning=ExperimentalWarning']
const CHAT = '../../rooms/chat.ts'
const OWN = 'room.mjs'
const REAL = [...QUIET, here('../../src/main.ts'), 'start']

export class Victim {
  readonly folder = mkdtempSync(join(tmpdir(), 'corridor-kill-'))
  /** Where it keeps its rooms, if not in its folder. */
  readonly redis: RedisServer | undefined
  readonly #redisUrl: string | undefined
  readonly #port: number
  #process: Process | undefined

  private constructor(
    port: number,
    history: Record<string, unknown>,
    module: string,
    redis?: RedisServer,
    redisUrl = redis?.url,
  ) {
    this.#port = port
    this.redis = redis
    this.#redisUrl = redisUrl
    const limits = { rate: { perSecond: 100_000, burst: 100_000 }, peers: 50_000, perAddress: 50_000 }
    const options = module === CHAT ? { announce: 0 } : undefined
    const room = { module: module === OWN ? join(this.folder, OWN) : here(module), options, history, limits }
    const server = { limits: { handshakes: { perSecond: 50_000, burst: 50_000 } } }
    const rooms = { '/room': room, '/r/:name': room }
    writeFileSync(join(this.folder, 'rooms.json'), JSON.stringify({ server, rooms }))
  }

  /**
   * `history`: what `rooms.json` says of the room's. `module`: from here; `room.mjs`: in its folder, by the test. `redis`:
   * where it keeps its rooms, `redisUrl`: by another way.
   */
  static async make(
    history: Record<string, unknown> = { keep: 1_000_000 },
    module = CHAT,
    redis?: RedisServer,
    redisUrl?: string,
  ): Promise<Victim> {
    return new Victim(await freePort(), history, module, redis, redisUrl)
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`
  }

  get database(): string {
    return join(this.folder, 'data', 'corridor.db')
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  /** Starts the real server, under `wrapper` (a command and its arguments) where one is given. Resolves when it is open. */
  start(wrapper: readonly string[] = [], env: Record<string, string> = {}): Promise<string> {
    return this.#run([...wrapper, process.execPath, ...REAL], env)
  }

  /** Starts the server that kills itself at the `after`-th passing of a point. Resolves when it is open, or has died. */
  async startDoomed(point: string, after: number, fault = ''): Promise<void> {
    const env = { POINT: point, AFTER: String(after), FAULT: fault }
    // The thread of the database imports it too.
    const statements = point.startsWith('sql:') ? [`--import=${here('doomed-statements.ts')}`] : []
    const open = this.#run([process.execPath, ...QUIET, ...statements, here('server.ts')], env)
    // An alarm that is due is called before it is open.
    await open.catch(async (error) => {
      if ((await this.died()) !== 'SIGKILL') throw error
    })
  }

  /** Resolves when it has died; how it died. */
  async died(): Promise<string | null> {
    return (await this.#process?.exited)?.signal ?? null
  }

  /** Resolves when it has ended; how it ended. */
  async ended(): Promise<Exit> {
    return (await this.#process?.exited) ?? { code: null, signal: null }
  }

  /** What it has printed. */
  get output(): string {
    return `${this.#process?.stdout}${this.#process?.stderr}`
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  /** `kill -9` of all that was started. */
  async kill(): Promise<void> {
    await this.#process?.stop()
  }

  /** Asks it to end, and waits. A wrapper ends with what it wraps. */
  async end(): Promise<void> {
    process.kill(-this.pid, 'SIGTERM')
    await this.#process?.exited
  }

  /** What the log holds, read past the server, and whether it is whole. The server must have ended. */
  async read(): Promise<{ log: Entry[]; integrity: string }> {
    if (this.redis) return readRedis(this.redis)
    const db = new DatabaseSync(this.database)
    const rows = db.prepare('SELECT seq, json FROM events ORDER BY seq').all()
    const check = db.prepare('PRAGMA integrity_check').get()
    db.close()
    const log = rows.map(({ seq, json }) => ({ seq: Number(seq), key: JSON.parse(String(json)).data.text }))
    return { log, integrity: String(check?.integrity_check) }
  }

  async remove(): Promise<void> {
    await this.kill()
    await this.redis?.remove()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #run([command = '', ...args]: readonly string[], env: Record<string, string>): Promise<string> {
    const cache = join(this.folder, 'cache')
    const own = {
      NODE_COMPILE_CACHE: cache,
      PORT: String(this.#port),
      ROOMS: join(this.folder, 'rooms.json'),
      LOG_LEVEL: 'error',
      ...(this.#redisUrl && { REDIS_URL: this.#redisUrl }),
    }
    this.#process = new Process(command, args, this.folder, { ...own, ...env })
    return this.#process.url()
  }
}

async function readRedis(redis: RedisServer): Promise<{ log: Entry[]; integrity: string }> {
  const { events, damage } = await redisContents(redis)
  const log = events.map(({ seq, data }) => ({ seq, key: (data as { text: string }).text }))
  return { log, integrity: damage.join('\n') || 'ok' }
}

/** Clients that come back must find the server where it was, so its port is chosen before. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
