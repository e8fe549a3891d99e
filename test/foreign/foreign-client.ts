/**
 * A program that uses one foreign client. Its arguments are a URL and words that say what to do; it answers with one JSON
 * object a line. Without arguments it says its name and version. `plan.py` is the whole protocol in one small file.
 *
 *     header NAME VALUE   protocol NAME   compress                          of the handshake
 *     text TEXT   binary HEX   hear N   close CODE REASON   end            in this order; `end`: wait for the server's close
 *
 *     {"open":{"protocol"}}   {"text"}   {"binary"}   {"closed":{"code","reason"}}   {"refused":{"status"}}
 *
 * After its last word it exits at once, without a close frame.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Process } from '../support/process.ts'
import type { Row } from './results.ts'

export type Feature =
  | 'token in header'
  | 'token in cookie'
  | 'token in subprotocol'
  | 'status of a refusal'
  | 'close reason'
  | 'close code of its own'

export type Found = { readonly version: string } | { readonly missing: string }

export interface ForeignClient {
  readonly name: string
  /** The Debian packages that bring it, and what its program is built with. */
  readonly packages: readonly string[]
  /** What pip installs, for versions that Debian does not have. */
  readonly pip?: string
  /** Builds the program, once in a run. */
  readonly build?: readonly string[]
  readonly run: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Whether it offers compression by itself, if it is asked to, or never. */
  readonly compression: 'always' | 'asked' | 'never'
  /** The `Origin` it sends by itself: that of its URL (in whatever spelling), or none. */
  readonly origin: 'same' | 'none'
  /** What its users should know. */
  readonly hint?: string
  /** What it cannot do, and why. */
  readonly cannot?: Readonly<Partial<Record<Feature, string>>>
}

/** A line of a client's output. */
export interface Heard {
  readonly client?: string
  readonly version?: string
  readonly open?: { readonly protocol: string }
  readonly text?: string
  readonly binary?: string
  readonly closed?: { readonly code: number; readonly reason: string }
  readonly refused?: { readonly status: number }
}

/** A frame of an event room. */
export interface Event {
  readonly type: string
  readonly seq?: number
  readonly id?: string
  readonly data: { readonly epoch?: string }
}

export const HERE = fileURLToPath(new URL('.', import.meta.url))
/** What pip installed and what was built stay for the next run. */
const CACHE = join(HERE, '../../node_modules/.cache/corridor-foreign')
export const PIP = join(CACHE, 'pip')
export const BUILT = join(CACHE, 'built')
const BUILD_MS = 280_000

/** Builds it where it must be built. → its version, or why it cannot run here */
export function probe({ build, run, env, packages, pip }: ForeignClient): Found {
  const advice = pip ? `pip install ${pip}` : `Debian: apt-get install ${packages.join(' ')}`
  for (const command of build ? [build, run] : [run]) {
    const [program = '', ...args] = command
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      cwd: HERE,
      env: { ...process.env, ...env },
      encoding: 'utf8',
      timeout: BUILD_MS,
    })
    const reason = error?.message ?? stderr.trim().split('\n').at(-1)
    if (status !== 0) return { missing: `${reason} (${advice})` }
    if (command === run) return { version: String(JSON.parse(stdout).version) }
  }
  throw new Error('expected a command to run')
}

/** The program at work. */
export class Visit {
  readonly #process: Process

  constructor({ run, env }: ForeignClient, words: readonly string[]) {
    const [program = '', ...args] = run
    this.#process = new Process(program, [...args, ...words], HERE, { ...env })
  }

  /** The next line of its output. */
  async next(): Promise<Heard> {
    const [line] = await this.#process.text(/^\{.*\}$/m)
    return JSON.parse(line)
  }

  /** Its next lines. */
  async take(count: number): Promise<Heard[]> {
    const lines: Heard[] = []
    while (lines.length < count) lines.push(await this.next())
    return lines
  }

  /** The events that it hears next, as the server's frames. */
  async events(count: number): Promise<Event[]> {
    return (await this.take(count)).map(({ text = '' }) => JSON.parse(text))
  }

  /** Waits for its end. What it printed to stderr is in the error of a failed one. */
  async done(): Promise<void> {
    const { code, signal } = await this.#process.exited
    if (code !== 0) throw new Error(`it ended with ${signal ?? code}: ${this.#process.stderr.slice(-2000)}`)
  }

  stop(): Promise<void> {
    return this.#process.stop()
  }
}

const ORIGIN = { same: 'its URL’s', none: 'none' }
const COMPRESSION = { always: 'offered', asked: 'if it is asked to', never: 'no' }

/** What the suite has shown of it, for the table. */
export function rowOf({ name, compression, origin, hint, cannot = {} }: ForeignClient, found: Found): Row {
  if ('missing' in found) return { table: 'websocket', client: name, ...found }
  const tokens = (['header', 'cookie', 'subprotocol'] as const).filter((way) => !cannot[`token in ${way}`])
  const lacks = Object.entries(cannot).map(([feature, reason]) => `${feature}: ${reason}`)
  const cells = [
    found.version,
    COMPRESSION[compression],
    tokens.join(', '),
    ORIGIN[origin],
    [...lacks, ...(hint ? [hint] : [])].join('; '),
  ]
  return { table: 'websocket', client: name, cells }
}
