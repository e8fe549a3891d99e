/**
 * A server in a process and on a core of its own, for attacks: its memory is its own, and how long its event loop stands
 * still is measured from outside, by an honest client that asks and waits.
 */
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { BarePeer } from './bare-peer.ts'
import { leaveServersCore, onServersCore } from './cores.ts'
import { CORRIDOR, Process } from './process.ts'

const ROOMS = fileURLToPath(new URL('../../rooms/', import.meta.url))
const MIB = 1024 * 1024

export class AttackedServer {
  readonly ws: string
  readonly http: string
  readonly process: Process
  readonly #folder: string

  /**
   * `rooms`: as in `rooms.json`, with the modules that ship by their names, others by their path from `rooms/`.
   * `openFiles`: how many files and sockets the process may hold; `heapMib`: how large its heap may become, so that what
   * is left over is collected, and what is not lets go of ends it. `heartbeat`: how often clients are asked whether they are
   * still there.
   */
  static async start(
    rooms: Record<string, { module: string } & Record<string, unknown>>,
    { openFiles, heapMib, heartbeat }: { openFiles?: number; heapMib?: number; heartbeat?: string } = {},
  ): Promise<AttackedServer> {
    const folder = await mkdtemp(join(tmpdir(), 'corridor-attacked-'))
    const lines = Object.entries(rooms).map(([path, line]) => [path, { ...line, module: join(ROOMS, line.module) }])
    const file = join(folder, 'rooms.json')
    const server = { limits: { handshakes: { perSecond: 100_000, burst: 100_000 } } }
    const defaults = { limits: { heartbeat } }
    await writeFile(file, JSON.stringify({ server, defaults, rooms: Object.fromEntries(lines) }))
    const env = { PORT: '0', DATA_DIR: ':memory:', ROOMS: file, LOG_LEVEL: 'warn' }
    const [node, ...main] = CORRIDOR
    leaveServersCore()
    const heap = heapMib ? [`--max-old-space-size=${heapMib}`] : []
    const [command, args] = onServersCore(node, [...heap, ...main, 'start'])
    const process = openFiles
      ? new Process('sh', ['-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh', command, ...args], folder, env)
      : new Process(command, args, folder, env)
    return new AttackedServer(process, await process.url(), folder)
  }

  private constructor(process: Process, url: string, folder: string) {
    this.process = process
    this.http = url
    this.ws = url.replace(/^http/, 'ws')
    this.#folder = folder
  }

  /** Its resident memory in MiB, as Linux reports it; 0 on a system that does not. */
  get residentMib(): number {
    try {
      const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8')
      return (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024) / MIB
    } catch {
      return 0
    }
  }

  /** The most memory the server takes while something is done, beyond what it took before, in MiB. */
  async growthMib(attack: () => Promise<void>): Promise<number> {
    const before = this.residentMib
    let peak = before
    const watch = setInterval(() => {
      peak = Math.max(peak, this.residentMib)
    }, 5)
    await attack().finally(() => clearInterval(watch))
    return Math.max(peak, this.residentMib) - before
  }

  /** The value of a series of its metrics, like `corridor_peers{room="/chat"}`; 0 where there is none. */
  async metric(series: string): Promise<number> {
    const text = await (await fetch(`${this.http}/metrics`)).text()
    const line = text.split('\n').find((line) => line.startsWith(`${series} `))
    return Number(line?.split(' ').at(-1) ?? 0)
  }

  /** How many files and sockets it holds open, as Linux reports it. */
  get openFiles(): number {
    return readdirSync(`/proc/${this.process.pid}/fd`).length
  }

  /** An honest client of an echo room, which sends this many bytes from now on, or `shakes` hands again and again. */
  async honest(path: string, does: 'speaks' | 'shakes' = 'speaks', bytes = 16): Promise<Honest> {
    const workerData = { url: `${this.ws}${path}`, does, bytes }
    const worker = new Worker(new URL('./honest.ts', import.meta.url), { workerData })
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

  /** Ends it. Throws if it had ended before, or logged an error. */
  async stop(): Promise<void> {
    const { isRunning, stderr, stdout } = this.process
    await this.process.stop()
    await rm(this.#folder, { recursive: true, force: true })
    if (!isRunning || stderr !== '')
      throw new Error(`expected a server that lives and has no complaint, got: ${stderr}`)
    const lost = /.*(?:was not awaited|outside every handler).*/.exec(stdout)
    if (lost) throw new Error(`expected no promise or error that nobody took, got: ${lost[0]}`)
  }
}

/** A client that behaves, in its own thread. */
export class Honest {
  readonly #worker: Worker

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** How long its answers took since it was asked last, and how many there were: one at least. Rejects when it was not served. */
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
