/** Formats the figures: a table for the terminal during the run, and `docs/PERFORMANCE.md` at the end. */
import { contestant } from './contestants.ts'
import type { Machine } from './machine.ts'
import type { Measure, Scenario } from './scenarios.ts'
import { type Figure, figureOf, type Judgement, judge, type Run, ratioOf, remarks } from './statistics.ts'

/** A number with three significant digits: `1.23 M`, `45.6 k`, `7.89`. */
export function short(value: number): string {
  if (value >= 1e6) return `${figures(value / 1e6)} M`
  if (value >= 10_000) return `${figures(value / 1e3)} k`
  if (value >= 1000) return String(Math.round(value))
  return figures(value)
}

function figures(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(3)
}

function shown(figure: Figure | undefined, unit = ''): string {
  if (!figure) return '–'
  const median = withUnit(figure.median, unit)
  return figure.count > 1 ? `${median} (${short(figure.least)}–${short(figure.most)})` : median
}

/** `6.7 M/s`, `16.8 kB`, `12 ms`, `0.85×`. */
function withUnit(value: number, unit: string): string {
  const text = short(value)
  const isJoined = unit === '' || unit === '×' || unit === '/s' || /[kM]$/.test(text)
  return `${text}${isJoined ? '' : ' '}${unit}`
}

/** One scenario as rows of cells, one per server: its figures, the ratio of Corridor to it, remarks. */
export function rowsOf(runs: readonly Run[], scenario: Scenario): string[][] {
  const [subject = ''] = scenario.servers
  const [first] = scenario.measures
  const head = [
    'Server',
    ...scenario.measures.map(({ title }) => title),
    `${contestant(subject).title} ÷ this server`,
    '',
  ]
  const rows = scenario.servers.map((server) => [
    contestant(server).title,
    ...scenario.measures.map((measure) => shown(figureOf(runs, scenario.name, server, measure), measure.unit)),
    server === subject ? '1' : shown(ratioOf(runs, scenario.name, [subject, server], first as Measure), '×'),
    remarks(runs, scenario, server).join('; '),
  ])
  return [head, ...rows]
}

export function terminalTable(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)))
  return rows
    .map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function markdownTable(rows: readonly string[][]): string {
  const [head = [], ...body] = rows
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n')
}

/** The targets as rows: the figure, the limit, the result. */
export function targetRows(runs: readonly Run[], scenarios: readonly Scenario[]): string[][] {
  const judgements = scenarios.flatMap((scenario) => judge(runs, scenario))
  return [['Scenario', 'Figure', 'Target', 'Measured', 'Reached'], ...judgements.map(targetRow)]
}

function targetRow({ target, scenario, got, isReached, isDisturbed }: Judgement): string[] {
  const { measure, of, against, limit } = target
  const sign = measure.better === 'less' ? '≤' : '≥'
  const toReach =
    against === undefined
      ? `${sign} ${withUnit(limit, measure.unit)}`
      : `${sign} ${limit} × ${contestant(against).title}`
  const reached = isReached === undefined ? 'not measured' : isReached ? 'yes' : '**no**'
  const verdict = isDisturbed && isReached !== undefined ? `${reached} (disturbed)` : reached
  const figure = of === scenario.servers[0] ? measure.title : `${measure.title} (${contestant(of).title})`
  return [scenario.title, figure, toReach, shown(got, against === undefined ? measure.unit : '×'), verdict]
}

/** The text of `docs/PERFORMANCE.md`. */
export function reportText(
  runs: readonly Run[],
  scenarios: readonly Scenario[],
  machine: Machine,
  notes: string[],
): string {
  const tables = scenarios.map((scenario) => `### ${scenario.title}\n\n${markdownTable(rowsOf(runs, scenario))}\n`)
  return `# Performance

Written by \`npm run bench\`; do not edit it. Run the command to measure on your own machine.

## Conditions

- ${machine.date}; ${machine.processor}; ${machine.system}; Node ${machine.node}.
- Corridor ${machine.corridor}; beside it ${machine.packages.join(', ')}.
- ${machine.isPinned ? 'Every server ran on core 0, the load generator on core 1' : 'Servers and load generator were **not** pinned to cores'}; connections over loopback. Each run starts a new server, and twenty peers warm it up for two seconds; the first burst of handshakes meets a cold server.
- Medians of ${Math.max(0, ...runs.map(({ round }) => round)) + 1} interleaved rounds, with minimum and maximum in brackets. Ratios are computed per round. Compare figures of one table only; figures of different machines or days are not comparable.
- Corridor runs as with \`npm start\`, with all its work: every message is validated by its schema, logged and numbered. "SQLite" keeps the log on disk. Only the limits per address and per peer are raised.
- Every server gets the same text. A client sends a JSON event of 100 bytes (Socket.IO: its own packet); Corridor's events also contain \`seq\` and \`time\`.
- Compressed runs: \`ws\` and Socket.IO with a threshold of 0, since their default of 1 KiB leaves such messages uncompressed; Bun with its shared compressor. Clients send uncompressed.
- The highest sustained rate is the highest offered rate at which nothing was lost and p99 stayed below the limit (100 ms; 50 ms for acks). These are lower bounds with a large spread; CPU per delivery is the more reliable measure.
- A result is "disturbed" if other processes used more than a tenth of the machine during one of its runs, or the host took more than a twentieth. It then proves nothing.
- A latency is the time from the moment a message was due until it is read. It includes up to half a ms of the generator itself. Each table has the CPU of the generator. At moderate rates, connections that are not timed are read a few times a second, so that waking the generator does not count against the server.
${notes.map((note) => `- ${note}\n`).join('')}
## Targets

${markdownTable(targetRows(runs, scenarios))}

![Delivered events per second against offered load](performance.svg)

## Figures

${tables.join('\n')}`
}
