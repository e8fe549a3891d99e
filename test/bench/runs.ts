/** One run: a fresh server on a free port, one load generator beside it, each on its own core where that can be had. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Leash } from '../support/leash.ts'
import { type Contestant, ROOMS_FILE, roomsJson } from './contestants.ts'
import type { Job, Result } from './load/job.ts'

const GENERATOR = fileURLToPath(new URL('load/generator.ts', import.meta.url))
const START_MS = 60_000

export interface RunOptions {
  /** A folder for a CPU profile of the server; only for servers on Node. */
  readonly profile?: string | undefined
  /** The run is ended after so long. */
  readonly timeoutMs: number
}

/** Whether server and generator get a core each. */
export function canPin(): boolean {
  return availableParallelism() >= 2 && spawnSync('taskset', ['-c', '0', 'true']).status === 0
}

/** Carries a job out. Rejects where the server does not start or the generator fails, with what they said. */
export async function run(
  contestant: Contestant,
  job: Omit<Job, 'port' | 'pid' | 'dialect'> & { dialect?: Job['dialect'] },
  { profile, timeoutMs }: RunOptions,
): Promise<Result> {
  const data = await mkdtemp(join(tmpdir(), 'corridor-bench-'))
  await writeFile(join(data, ROOMS_FILE), roomsJson(job.isDeflated, contestant.dialect === 'gateway'))
  const server = startServer(contestant, data, profile)
  try {
    const port = await server.port
    const whole: Job = { dialect: contestant.dialect, ...job, port, pid: server.pid }
    return await generate(whole, timeoutMs)
  } finally {
    await server.end(profile !== undefined)
    await rm(data, { recursive: true, force: true })
  }
}

function startServer(contestant: Contestant, data: string, profile: string | undefined) {
  const [program = '', ...args] = contestant.command(data)
  const profiled = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  const env = { ...process.env, ...contestant.environment(data) }
  // The sampler is a thread of the server: on the same core it would run only when there is nothing to see.
  const child = onCores(profile === undefined ? '0' : '0,1', program, [...profiled, ...args], env)
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-2000)
  })
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const port = new Promise<number>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${contestant.title} ${why}: ${said.trim()}`))
    const timer = setTimeout(() => fail('did not start in time'), START_MS)
    child.on('error', reject)
    child.on('exit', (code) => fail(`ended with ${code} instead of starting`))
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const [, port] = /^(?:listening |Corridor is open at http:\/\/[^:]+:)(\d+)/.exec(line) ?? []
      if (port === undefined) return
      clearTimeout(timer)
      resolve(Number(port))
    })
  })
  return {
    port,
    pid: child.pid as number,
    /** A profile is written when the server ends by itself. */
    async end(gently: boolean): Promise<void> {
      if (child.exitCode === null && child.signalCode === null) child.kill(gently ? 'SIGTERM' : 'SIGKILL')
      await ended
    },
  }
}

function generate(job: Job, timeoutMs: number): Promise<Result> {
  const args = ['--disable-warning=ExperimentalWarning', GENERATOR, JSON.stringify(job)]
  const child = onCores('1', process.execPath, args, process.env)
  let output = ''
  let said = ''
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  child.stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-2000)
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) return resolve(JSON.parse(output) as Result)
      const why = signal === 'SIGKILL' ? `was ended after ${timeoutMs / 1000} s` : `ended with ${code}`
      reject(new Error(`the load generator ${why}: ${said.trim().split('\n').slice(0, 6).join(' ')}`))
    })
  })
}

let pinning: boolean | undefined

/** `taskset` becomes the program, so the process id is the program's. */
function onCores(cores: string, program: string, args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  pinning ??= canPin()
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
  const child = pinning
    ? spawn('taskset', ['-c', cores, program, ...args], { env, stdio, detached: true })
    : spawn(program, args, { env, stdio, detached: true })
  // What was started ends with the benchmark, however that ends.
  const leash = child.pid === undefined ? undefined : new Leash(child.pid)
  child.once('exit', () => leash?.release())
  return child
}
