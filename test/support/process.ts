/**
 * The server as a process of its own, as an operator runs it: in a working folder of the test, with an environment of
 * the test, on a free port. Whatever it prints is kept; a test waits for what it wants to read.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Leash } from './leash.ts'
import { PATIENCE_MS } from './patience.ts'

const NODE = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

export class Process {
  readonly exited: Promise<Exit>
  stdout = ''
  stderr = ''
  readonly #child: ChildProcess
  #read = 0

  /** In a group of processes of its own, so that `stop`, and the end of the test run, end what it started too. */
  constructor(command: string, args: readonly string[], cwd: string, env: Record<string, string>) {
    const { PATH = '', HOME = '' } = process.env
    this.#child = spawn(command, args, {
      cwd,
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.stdout += text
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    const leash = new Leash(this.pid)
    this.exited = once(this.#child, 'close').then(([code, signal]) => {
      leash.release()
      return { code, signal }
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Where it says it is open, without a slash at the end. */
  async url(): Promise<string> {
    return (await this.text(/open at (\S+)\/$/m))[1] ?? ''
  }

  /** Waits for the next text that matches, in what it prints to stdout. */
  async text(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = AbortSignal.timeout(PATIENCE_MS)
    let hasEnded = false
    for (;;) {
      const match = pattern.exec(this.stdout.slice(this.#read))
      if (match) {
        this.#read += match.index + match[0].length
        return match
      }
      if (hasEnded || deadline.aborted)
        throw new Error(`expected ${pattern} on stdout, got ${this.stdout.slice(this.#read)} ${this.stderr}`)
      await Promise.race([
        once(this.#child.stdout ?? this.#child, 'data', { signal: deadline }).catch(() => {}),
        this.exited.then(() => {
          hasEnded = true
        }),
      ])
    }
  }

  /** Whether it is still there, as it was started. */
  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends it, whatever state it is in. */
  async stop(): Promise<void> {
    try {
      process.kill(-this.pid, 'SIGKILL')
    } catch {
      // Nobody of the group is left.
    }
    await this.exited
  }
}

/** The program and what stands before the verb, as `npm start` has it. */
export const CORRIDOR = [NODE, '--disable-warning=ExperimentalWarning', '--max-semi-space-size=8', MAIN] as const

/** Runs the command line as the `npm` verbs do: `corridor(['start'], folder, { PORT: '0' })`. */
export function corridor(args: readonly string[], cwd: string, env: Record<string, string> = {}): Process {
  const [node, ...main] = CORRIDOR
  return new Process(node, [...main, ...args], cwd, env)
}
