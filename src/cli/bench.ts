/**
 * `npm run bench`: the benchmark of `test/bench/`, which compares Corridor with other servers. It is part of a
 * checkout, not of the installed package; there this verb prints where to get it.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Terminal } from './check.ts'

const PROGRAM = fileURLToPath(new URL('../../test/bench/bench.ts', import.meta.url))

/** Runs the benchmark with `args` (`--help` lists them). → its exit code. */
export function bench(args: readonly string[], { stderr }: Terminal, program = PROGRAM): Promise<number> {
  if (!existsSync(program)) {
    stderr.write(
      'bench: the benchmark is part of the source, not of the installed package; in a checkout of the repository run:\n' +
        '  npm ci && npm run bench\n',
    )
    return Promise.resolve(1)
  }
  // A separate process: its servers and load generators are pinned to cores, and end with it.
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], {
    stdio: 'inherit',
  })
  return new Promise((resolve) => {
    child.on('error', (error) => {
      stderr.write(`bench: it did not start: ${error.message}\n`)
      resolve(1)
    })
    child.on('exit', (code) => resolve(code ?? 1))
  })
}
