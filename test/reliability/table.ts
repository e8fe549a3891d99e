/** Makes `docs/RELIABILITY.md` from the figures of a run (written by `figures.ts` and `summary.ts`) and the catalogue. */
import type { Figure } from '../support/figures.ts'
import type { Outcome } from '../support/summary.ts'
import { CATALOGUE, ENTRIES } from './catalogue.ts'
import type { Entry } from './entry.ts'

/** The content of a file of figures. */
export interface Run {
  readonly figures: readonly Figure[]
  readonly outcomes: readonly Outcome[]
  /** Errors that no test caught. */
  readonly uncaught: number
}

export function readRun(text: string): Run {
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Partial<Figure & Outcome & { uncaught: number }>)
  return {
    figures: lines.filter((line): line is Figure => line.test !== undefined),
    outcomes: lines.filter((line): line is Outcome => line.passed !== undefined),
    uncaught: lines.reduce((sum, { uncaught = 0 }) => sum + uncaught, 0),
  }
}

/** `where`: one line each for the date, the machine and the versions. */
export function report(run: Run, where: readonly string[]): string {
  const sum = (key: 'passed' | 'failed' | 'skipped') => run.outcomes.reduce((total, each) => total + each[key], 0)
  const failing = run.outcomes.filter(({ failed }) => failed > 0).map(({ file }) => `\`${file}\``)
  const chapters = CATALOGUE.map(({ title, entries }) =>
    [
      `## ${title}`,
      '',
      '| Name | Provoked | Expected | Figure | Test |',
      '| --- | --- | --- | --- | --- |',
      ...entries.map((entry) => row(entry, run.figures)),
    ].join('\n'),
  )
  const silent = ENTRIES.filter(({ name }) => run.figures.every(({ test }) => test !== name))
  const without = silent.map(({ name, missing = 'no test reported one in this run' }) => `- ${name}: ${missing}`)
  return `# Reliability

Attacks, crashes and slow networks, and how the server behaves. Written by \`npm run reliability\`; do not edit it. Each figure was measured in this run by the test in its row.

${where.map((line) => `- ${line}`).join('\n')}
- ${sum('passed')} tests passed, ${sum('failed')} failed${failing.length > 0 ? ` (${failing.join(', ')})` : ''}, ${sum('skipped')} skipped
- uncaught exceptions and rejections: ${run.uncaught}

${chapters.join('\n\n')}

## Without a figure

${without.join('\n') || 'None.'}
`
}

function row({ name, provoked, expected }: Entry, figures: readonly Figure[]): string {
  const measured = merged(figures.filter(({ test }) => test === name))
  const values = measured.map(({ figure, value }) => `${figure}: **${value}**`)
  const files = [...new Set(measured.map(({ file }) => `\`${file}\``))]
  const cells = [name, provoked, expected, values.join('<br>') || '—', files.join('<br>') || '—']
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}

/** One line for a figure that was reported several times: the sum of "2 of 40", the maximum of numbers. */
function merged(figures: readonly Figure[]): Figure[] {
  const sums = new Map<string, Figure>()
  for (const next of figures) {
    const key = `${next.figure} ${next.file}`
    const before = sums.get(key)
    sums.set(key, before ? { ...next, value: added(before.value, next.value) } : next)
  }
  return [...sums.values()]
}

function added(one: Figure['value'], other: Figure['value']): Figure['value'] {
  if (typeof one === 'number' && typeof other === 'number') return Math.max(one, other)
  const [a, b] = [one, other].map((value) => /^(\d+) of (\d+)$/.exec(String(value)))
  if (!a || !b) return other
  return `${Number(a[1]) + Number(b[1])} of ${Number(a[2]) + Number(b[2])}`
}
