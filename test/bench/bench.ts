/**
 * The benchmark, `npm run bench`: installs the peers where that was not done, runs every scenario with every server in
 * turn, several rounds, and writes the report. `scenarios.ts` says what, `runs.ts` does one run, `report.ts` writes.
 */
import { spawnSync } from 'node:child_process'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { contestant, versionOf } from './contestants.ts'
import type { Result } from './load/job.ts'
import { lookAround, type Machine } from './machine.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import { plotText } from './plot.ts'
import { reportText, rowsOf, targetRows, terminalTable } from './report.ts'
import { run } from './runs.ts'
import { quickened, type Scenario, scenarios } from './scenarios.ts'
import { isDisturbed, type Run } from './statistics.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url))
const PLOTTED = 'max-1000'
const TIMEOUT_MS = 120_000
/** A later round searches from a little below what the last one found. */
const BELOW = 0.5

export interface Output {
  write(text: string): unknown
}

/** → the exit code: 0 when every run gave a result. */
export async function bench(args: readonly string[], stdout: Output, stderr: Output): Promise<number> {
  let options: Options
  try {
    options = readOptions(args)
  } catch (error) {
    stderr.write(`bench: ${(error as Error).message}\n`)
    return 1
  }
  if (options.isHelp) {
    stdout.write(USAGE)
    return 0
  }
  const chosen = choose(options)
  if (!install(chosen, stderr)) return 1
  const machine = lookAround()
  const notes = limitsOf(machine, chosen)
  stdout.write(
    `${machine.processor}; ${machine.isPinned ? 'server on core 0, load on core 1' : 'not pinned to cores'}\n`,
  )
  for (const note of notes) stdout.write(`${note}\n`)
  const { runs, left } = await runAll(chosen, options, machine, stderr)
  if (left > 0) notes.push(`Not run for lack of time: ${left} runs of the last round.`)
  for (const scenario of chosen) {
    stdout.write(`\n${scenario.title} [${scenario.name}]\n${terminalTable(rowsOf(runs, scenario))}\n`)
  }
  stdout.write(`\nTo reach\n${terminalTable(targetRows(runs, chosen))}\n`)
  const isWhole =
    !options.isQuick && !options.profile && chosen.length === scenarios.length && options.servers.length === 0
  if (isWhole) await writeReport(runs, chosen, machine, notes, stdout)
  return runs.every(({ failure }) => failure === undefined) ? 0 : 1
}

function choose(options: Options): Scenario[] {
  return scenarios
    .filter(({ name }) => options.scenarios.length === 0 || options.scenarios.includes(name))
    .filter(({ isQuick, name }) => !options.isQuick || isQuick || options.scenarios.includes(name))
    .map((scenario) => (options.isQuick ? quickened(scenario) : scenario))
    .map((scenario) => ({
      ...scenario,
      servers: scenario.servers.filter((server) => options.servers.length === 0 || options.servers.includes(server)),
    }))
    .filter(({ servers }) => servers.length > 0)
}

/** Installs the peers by their own lock file, beside the benchmark; what Corridor itself needs is not touched. */
function install(chosen: readonly Scenario[], stderr: Output): boolean {
  const needed = new Set(chosen.flatMap(({ servers }) => servers).flatMap((server) => contestant(server).needs ?? []))
  if ([...needed].every((name) => versionOf(name) !== undefined)) return true
  stderr.write('installing the peers (once)\n')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: HERE,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status === 0) return true
  stderr.write('bench: the peers could not be installed; run: npm ci --prefix test/bench\n')
  return false
}

/** Peers that one process cannot hold are left out, with a note. */
function limitsOf({ maxPeers }: Machine, chosen: readonly Scenario[]): string[] {
  const most = Math.max(...chosen.map(({ job }) => job.peers))
  if (maxPeers >= most) return []
  return [
    `Open files are limited: at most ${maxPeers} peers instead of ${most}; raise the hard limit (ulimit -Hn) for more.`,
  ]
}

async function runAll(chosen: readonly Scenario[], options: Options, machine: Machine, stderr: Output) {
  const endMs = performance.now() + options.minutes * 60_000
  const plan = Array.from({ length: options.rounds }, (_, round) =>
    chosen.flatMap((scenario) => scenario.servers.map((server) => ({ round, scenario, server }))),
  ).flat()
  const runs: Run[] = []
  for (const [i, { round, scenario, server }] of plan.entries()) {
    if (performance.now() > endMs) return { runs, left: plan.length - i }
    stderr.write(`${i + 1}/${plan.length} ${scenario.name} ${server}\n`)
    const before = runs.findLast((run) => run.scenario === scenario.name && run.server === server)
    const found = before?.result?.step?.rate
    const rate = scenario.job.mode === 'search' && found ? found * BELOW : scenario.job.rate
    const peers = Math.min(scenario.job.peers, machine.maxPeers)
    const done = await attempt({ ...scenario, job: { ...scenario.job, rate, peers } }, server, round, options)
    runs.push(done)
    if (done.failure) stderr.write(`  ${done.failure}\n`)
    if (options.json) await appendFile(options.json, `${JSON.stringify(done)}\n`)
  }
  return { runs, left: 0 }
}

async function attempt({ name, job }: Scenario, server: string, round: number, options: Options): Promise<Run> {
  const once = async (): Promise<Run> => {
    try {
      // Corridor's echo room is a raw one: it sends back what came, and nothing else.
      const dialect = job.mode === 'echo' && server.startsWith('corridor') ? { dialect: 'plain' as const } : {}
      const profile = server.startsWith('bun') ? undefined : options.profile
      const result = await run(contestant(server), { ...job, ...dialect }, { profile, timeoutMs: TIMEOUT_MS })
      return { scenario: name, server, round, result }
    } catch (error) {
      return { scenario: name, server, round, failure: (error as Error).message }
    }
  }
  // A disturbed run is repeated once, and the quieter of the two counts.
  const first = await once()
  if (!first.result || !isDisturbed(first.result) || options.isQuick) return first
  const second = await once()
  return second.result && noise(second.result) < noise(first.result) ? second : first
}

function noise({ stolenShare, othersShare }: Result): number {
  return stolenShare + othersShare
}

async function writeReport(
  runs: readonly Run[],
  chosen: readonly Scenario[],
  machine: Machine,
  notes: string[],
  stdout: Output,
): Promise<void> {
  await mkdir(DOCS, { recursive: true })
  await writeFile(`${DOCS}PERFORMANCE.md`, reportText(runs, chosen, machine, notes))
  const plotted = chosen.find(({ name }) => name === PLOTTED)
  if (plotted) await writeFile(`${DOCS}performance.svg`, plotText(runs, plotted))
  stdout.write('\nwrote docs/PERFORMANCE.md and docs/performance.svg\n')
}

if (import.meta.main) {
  process.once('SIGTERM', () => process.exit(143))
  process.once('SIGINT', () => process.exit(130))
  process.exit(await bench(process.argv.slice(2), process.stdout, process.stderr))
}
