/** Where and with what the benchmark runs: said at the head of its report, since figures without it mean nothing. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { versionOf } from './contestants.ts'
import { canPin } from './runs.ts'

const PACKAGES = ['ws', 'socket.io', '@fastify/websocket', 'fastify', 'bun']
/** Files a process opens besides its connections. */
const OTHER_FILES = 300

export interface Machine {
  readonly date: string
  readonly processor: string
  readonly system: string
  readonly node: string
  readonly corridor: string
  readonly packages: string[]
  readonly isPinned: boolean
  /** Connections one process may hold. */
  readonly maxPeers: number
}

export function lookAround(): Machine {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const [{ model = 'unknown processor' } = {}] = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
    node: process.version,
    corridor: `${version}${commit()}`,
    packages: PACKAGES.map((name) => `${name} ${versionOf(name) ?? '(not installed)'}`),
    isPinned: canPin(),
    maxPeers: openFiles() - OTHER_FILES,
  }
}

/** The hard limit of open files: Node and Bun raise the soft one to it by themselves. */
function openFiles(): number {
  const said = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout?.trim()
  return said === 'unlimited' ? Number.POSITIVE_INFINITY : Number(said) || 1024
}

function commit(): string {
  try {
    const cwd = new URL('.', import.meta.url)
    return ` at ${execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd, encoding: 'utf8', stdio: 'pipe' }).trim()}`
  } catch {
    return ''
  }
}
