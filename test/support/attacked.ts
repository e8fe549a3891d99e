/**
 * A server in a process of its own, for attacks: its memory is its own, and how long its event loop stands still is
 * measured from outside, by an honest client that asks and waits.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { BarePeer } from './bare-peer.ts'
import { corridor, type Process } from './process.ts'

const ROOMS = fileURLToPath(new URL('../../rooms/', import.meta.url))
const MIB = 1024 * 1024

export class AttackedServer {
  readonly ws: string
  readonly http: string
  readonly process: Process
  readonly #folder: string

  /** `rooms`: as in `rooms.json`, with the modules that ship by their names. */
  static async start(rooms: Record<string, { module: string } & Record<string, unknown>>): Promise<AttackedServer> {
    const folder = await mkdtemp(join(tmpdir(), 'corridor-attacked-'))
    const lines = Object.entries(rooms).map(([path, line]) => [path, { ...line, module: join(ROOMS, line.module) }])
    const file = join(folder, 'rooms.json')
    const server = { limits: { handshakes: { perSecond: 100_000, burst: 100_000 } } }
    await writeFile(file, JSON.stringify({ server, rooms: Object.fromEntries(lines) }))
    const process = corridor(['start'], folder, { PORT: '0', DATA_DIR: ':memory:', ROOMS: file, LOG_LEVEL: 'warn' })
    return new AttackedServer(process, await process.url(), folder)
  }

  private constructor(process: Process, url: string, folder: string) {
    this.process = process
    this.http = url
    this.ws = url.replace(/^http/, 'ws')
    this.#folder = folder
  }

  /** Its resident memory in MiB, as Linux tells it; 0 on a system that does not. */
  get residentMib(): number {
    try {
      const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8')
      return (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024) / MIB
    } catch {
      return 0
    }
  }

  /** An honest client of an echo room, which asks from now on. */
  async honest(path: string): Promise<Honest> {
    const worker = new Worker(new URL('./honest.ts', import.meta.url), { workerData: `${this.ws}${path}` })
    await once(worker, 'message')
    return new Honest(worker)
  }

  /** Opens so many connections, some at a time. */
  async crowd(path: string, count: number, headers: Record<string, string> = {}): Promise<BarePeer[]> {
    const peers: BarePeer[] = []
    while (peers.length < count) {
      const some = Array.from({ length: Math.min(50, count - peers.length) }, () =>
        BarePeer.open(`${this.ws}${path}`, { headers }),
      )
      peers.push(...(await Promise.all(some)))
    }
    return peers
  }

  async stop(): Promise<void> {
    await this.process.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** A client that behaves, in a thread of its own. */
export class Honest {
  readonly #worker: Worker

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** How long its answers took since it was asked last, and how many there were. Rejects when it was not served. */
  async times(): Promise<{ count: number; p99Ms: number; maxMs: number }> {
    this.#worker.postMessage('times')
    const [times] = (await once(this.#worker, 'message')) as [number[]]
    times.sort((a, b) => a - b)
    return { count: times.length, p99Ms: times[Math.floor(times.length * 0.99)] ?? 0, maxMs: times.at(-1) ?? 0 }
  }

  async leave(): Promise<void> {
    await this.#worker.terminate()
  }
}
