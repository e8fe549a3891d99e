/**
 * A real Redis as a process, in a folder of its own and on a port of its own, which stays the same over restarts. A test
 * kills, freezes and empties it, fills it up, and puts an older state of its append-only file back.
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Process } from './process.ts'

/** Below the ports that the system gives out by itself, so that nobody takes one while its Redis is down. */
const PORTS = { first: 20_000, count: 12_000 }
const TRIES = 20

/** Lines of redis.conf: `{ maxmemory: '64mb', replicaof: '127.0.0.1 6379' }`. */
export type RedisSettings = Readonly<Record<string, string>>

const SAFE: RedisSettings = {
  bind: '127.0.0.1',
  appendonly: 'yes',
  appendfsync: 'always',
  save: '',
  'auto-aof-rewrite-percentage': '0',
  'repl-diskless-sync-delay': '0',
  'enable-debug-command': 'yes',
  daemonize: 'no',
}

export class RedisServer {
  readonly port: number
  readonly folder: string
  readonly #command: string
  #settings: RedisSettings
  #process: Process
  #password = ''

  private constructor(command: string, port: number, folder: string, settings: RedisSettings, running: Process) {
    this.#command = command
    this.port = port
    this.folder = folder
    this.#settings = settings
    this.#process = running
  }

  /**
   * `command`: what `need('redis')` found. Resolves when it takes commands. Unless `settings` says otherwise, each write
   * is on disk before its answer.
   */
  static async start(command: string, settings: RedisSettings = {}): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'corridor-redis-'))
    const all = { ...SAFE, ...settings }
    for (let tries = 1; ; tries += 1) {
      const port = PORTS.first + Math.floor(Math.random() * PORTS.count)
      try {
        return new RedisServer(command, port, folder, all, await launch(command, port, folder, all))
      } catch (error) {
        if (tries === TRIES || !/in use/i.test(String(error))) throw error
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#process.pid
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    await this.#process.stop()
  }

  /** As its operator stops it. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM')
    await this.#process.exited
  }

  /** Starts it again after `kill` or `stop`, on what its files hold, with settings added. */
  async restart(settings: RedisSettings = {}): Promise<void> {
    this.#settings = { ...this.#settings, ...settings }
    this.#process = await launch(this.#command, this.port, this.folder, this.#settings)
  }

  /** It takes connections and answers nobody. */
  freeze(): void {
    this.#process.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process.kill('SIGCONT')
  }

  /** Copies what its files hold now. */
  saveFiles(): void {
    rmSync(this.#saved, { recursive: true, force: true })
    cpSync(this.#files, this.#saved, { recursive: true })
  }

  /** While it is down: its files hold again what they held at `saveFiles`. */
  putFilesBack(): void {
    if (!existsSync(this.#saved)) throw new Error('expected saveFiles before putFilesBack')
    rmSync(this.#files, { recursive: true, force: true })
    cpSync(this.#saved, this.#files, { recursive: true })
  }

  /** While it is down: its files are gone. */
  dropFiles(): void {
    rmSync(this.#files, { recursive: true, force: true })
  }

  /** Commands on a connection of their own. */
  async talk<T>(work: (say: RedisServer['say']) => Promise<T>): Promise<T> {
    const client = new Redis(this.url, {
      retryStrategy: null,
      maxRetriesPerRequest: 0,
      protocol: 2,
      // It is asked while it is loading or busy, too.
      enableReadyCheck: false,
      disableClientInfo: true,
      password: this.#password,
    })
    client.on('error', () => {})
    try {
      return await work((name, ...args) => client.call(name, ...args))
    } finally {
      client.disconnect()
    }
  }

  /** One command on a connection of its own. */
  say(name: string, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.talk((say) => say(name, ...args))
  }

  async empty(): Promise<void> {
    await this.say('FLUSHALL')
  }

  /** Changes a setting while it runs: `set('maxmemory', '10mb')`. */
  async set(name: string, value: string): Promise<void> {
    await this.say('CONFIG', 'SET', name, value)
    if (name === 'requirepass') this.#password = value
  }

  /** Ends it, whatever state it is in, and removes its folder. */
  async remove(): Promise<void> {
    await this.#process.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  get #files(): string {
    return join(this.folder, 'appendonlydir')
  }

  get #saved(): string {
    return join(this.folder, 'saved')
  }
}

async function launch(command: string, port: number, folder: string, settings: RedisSettings): Promise<Process> {
  const lines = Object.entries({ ...settings, port: String(port), dir: folder })
  const running = new Process(
    command,
    lines.flatMap(([name, value]) => [`--${name}`, ...value.split(' ')]),
    folder,
    {},
  )
  try {
    await running.text(/Ready to accept connections/)
  } catch (error) {
    await running.stop()
    throw error
  }
  return running
}
