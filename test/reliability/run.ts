/**
 * `npm run reliability`: runs every test that reports a figure, and writes `docs/RELIABILITY.md`. `FULL=1` runs the tests
 * at full size, as before a release. `-- FILE` runs nothing and reads the figures from FILE, written by any number of runs
 * of `FIGURES=FILE npx vitest run …`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { figureFiles } from './figure-files.ts'
import { readRun, report } from './table.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs')

const [given] = process.argv.slice(2)
const run = readRun(given ? readFileSync(given, 'utf8') : measured())
writeFileSync(join(ROOT, 'docs/RELIABILITY.md'), report(run, whereabouts()))
process.stdout.write(`docs/RELIABILITY.md: ${run.figures.length} figures, ${run.uncaught} uncaught errors\n`)
if (run.uncaught > 0 || run.outcomes.some(({ failed }) => failed > 0)) process.exitCode = 1

function measured(): string {
  const folder = mkdtempSync(join(tmpdir(), 'corridor-figures-'))
  const file = join(folder, 'figures.jsonl')
  writeFileSync(file, '')
  const env = { ...process.env, FIGURES: file }
  spawnSync(process.execPath, [VITEST, 'run', ...figureFiles(ROOT).keys()], { cwd: ROOT, env, stdio: 'inherit' })
  const text = readFileSync(file, 'utf8')
  rmSync(folder, { recursive: true })
  return text
}

function whereabouts(): string[] {
  const [{ model = 'unknown processor' } = {}] = cpus()
  return [
    new Date().toISOString().slice(0, 10),
    `${model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; ${type()} ${release()}`,
    `Node ${process.version}; ${process.env.FULL === '1' ? 'full counts' : 'short counts (`FULL=1` for full ones)'}`,
  ]
}
