/**
 * A node as its operator runs it: the server as a process of its own (`npm start`), on an address and a port that stay the
 * same over restarts, as those of its links do. It is killed, frozen, ended and started again by its process id.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CORRIDOR, type Exit, Process } from '../support/process.ts'

/** Kept between runs: who ends with code that is not in it writes that first, which takes its time. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/nodes', import.meta.url))
/** Below the ports that the system gives out by itself, so that nobody takes one while its node is down. */
const PORTS = { first: 12_000, count: 8000 }

export interface NodePlace {
  /** Of all its addresses. */
  readonly host: string
  readonly port: number
  readonly linkPort: number
  /** With its `rooms.json`; shared by all nodes of a test. */
  readonly folder: string
  readonly redisUrl: string
  /** What stands before its command. */
  readonly prefix: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export class NodeProcess {
  readonly place: NodePlace
  #process: Process | undefined
  #before = ''

  constructor(place: NodePlace) {
    this.place = place
  }

  /** Without a slash at the end. */
  get url(): string {
    return `http://${this.place.host}:${this.place.port}`
  }

  get ws(): string {
    return this.url.replace('http', 'ws')
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false
  }

  /** What it has printed since it was first started. */
  get output(): string {
    return `${this.#before}${this.#process?.stdout ?? ''}${this.#process?.stderr ?? ''}`
  }

  /** Resolves when it says that it is open. `more`: settings of this start. */
  async start(more: Readonly<Record<string, string>> = {}): Promise<void> {
    const { host, port, linkPort, folder, redisUrl, prefix, env } = this.place
    this.#before = this.output
    const [command = '', ...args] = [...prefix, ...CORRIDOR, 'start']
    this.#process = new Process(command, args, folder, {
      NODE_COMPILE_CACHE: CACHE,
      ROOMS: join(folder, 'rooms.json'),
      HOST: host,
      PORT: String(port),
      LINK_HOST: host,
      LINK_PORT: String(linkPort),
      REDIS_URL: redisUrl,
      LOG_LEVEL: 'warn',
      ...env,
      ...more,
    })
    await this.#process.url()
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    await this.#process?.stop()
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  /** SIGTERM. Resolves when it has ended. */
  async end(): Promise<Exit> {
    this.#process?.kill('SIGTERM')
    return (await this.#process?.exited) ?? { code: null, signal: null }
  }
}

/** Ports on which nobody listens. */
export async function unusedPorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count)
    if (await isUnused(port)) ports.add(port)
  }
  return [...ports]
}

async function isUnused(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
