/** Medians, spreads and ratios of what several rounds gave, and whether a target is reached. */
import type { Result } from './load/job.ts'
import type { Measure, Scenario, Target } from './scenarios.ts'

/** One run of one server in one scenario. */
export interface Run {
  readonly scenario: string
  readonly server: string
  readonly round: number
  readonly result?: Result
  /** Why there is no result. */
  readonly failure?: string
}

export interface Figure {
  readonly median: number
  readonly least: number
  readonly most: number
  readonly count: number
}

export function figure(values: readonly (number | undefined)[]): Figure | undefined {
  const sorted = values
    .flatMap((value) => (value === undefined || Number.isNaN(value) ? [] : value))
    .toSorted((a, b) => a - b)
  const [least] = sorted
  const most = sorted.at(-1)
  if (least === undefined || most === undefined) return undefined
  const middle = sorted.length / 2
  const median = ((sorted[Math.ceil(middle) - 1] as number) + (sorted[Math.floor(middle)] as number)) / 2
  return { median, least, most, count: sorted.length }
}

/** All rounds of one figure of one server. */
export function figureOf(runs: readonly Run[], scenario: string, server: string, measure: Measure): Figure | undefined {
  return figure(runsOf(runs, scenario, server).map(({ result }) => result && measure.read(result)))
}

export function runsOf(runs: readonly Run[], scenario: string, server: string): Run[] {
  return runs.filter((run) => run.scenario === scenario && run.server === server)
}

/** The ratio of two servers round by round, since only what ran side by side can be compared. */
export function ratioOf(
  runs: readonly Run[],
  scenario: string,
  [server, other]: readonly [string, string],
  measure: Measure,
): Figure | undefined {
  const others = runsOf(runs, scenario, other)
  return figure(
    runsOf(runs, scenario, server).map(({ round, result }) => {
      const beside = others.find((run) => run.round === round)?.result
      const value = result && measure.read(result)
      const base = beside && measure.read(beside)
      return value === undefined || !base ? undefined : value / base
    }),
  )
}

/** More than this share of the machine's time used by others, or taken by its host, and a run is no clean one. */
const DISTURBED = { others: 0.1, stolen: 0.05 }

export function isDisturbed({ othersShare, stolenShare }: Pick<Result, 'othersShare' | 'stolenShare'>): boolean {
  return othersShare > DISTURBED.others || stolenShare > DISTURBED.stolen
}

export interface Judgement {
  readonly target: Target
  readonly scenario: Scenario
  readonly got: Figure | undefined
  /** `undefined` where it was not measured. */
  readonly isReached: boolean | undefined
  /** Whether any run it rests on was disturbed: then it proves nothing either way. */
  readonly isDisturbed: boolean
}

export function judge(runs: readonly Run[], scenario: Scenario): Judgement[] {
  return scenario.targets.map((target) => {
    const { measure, of, against, limit } = target
    const got =
      against === undefined
        ? figureOf(runs, scenario.name, of, measure)
        : ratioOf(runs, scenario.name, [of, against], measure)
    const isReached = got && (measure.better === 'less' ? got.median <= limit : got.median >= limit)
    const basis = [of, against ?? of].flatMap((server) => runsOf(runs, scenario.name, server))
    return { target, scenario, got, isReached, isDisturbed: basis.some(({ result }) => result && isDisturbed(result)) }
  })
}

/** What is worth knowing of a server's runs in a scenario: failures, a full generator, what was not negotiated. */
export function remarks(runs: readonly Run[], { name, job }: Scenario, server: string): string[] {
  const own = runsOf(runs, name, server)
  const failures = new Set(own.flatMap(({ failure }) => failure ?? []))
  const results = own.flatMap(({ result }) => result ?? [])
  const found = [...failures]
  if (results.some(({ step, loadShare }) => (step?.loadShare ?? loadShare) > 0.9)) found.push('load core full')
  if (job.isDeflated && results.some(({ deflated }) => deflated === 0)) found.push('compression not negotiated')
  if (job.mode !== 'search' && results.some(({ step }) => step && step.lost + step.doubled + step.refused > 0)) {
    found.push('messages lost, repeated or refused')
  }
  if (job.mode === 'search' && results.some(({ step }) => !step)) found.push('no rate passed')
  const kept = new Set(results.flatMap(({ kept }) => kept ?? []))
  if (kept.size > 0) found.push(`acks say: ${[...kept].join(', ')}`)
  const stolen = Math.max(0, ...results.map(({ stolenShare }) => stolenShare))
  if (stolen > 0.02) found.push(`${Math.round(stolen * 100)} % of the machine stolen`)
  const others = Math.max(0, ...results.map(({ othersShare }) => othersShare))
  if (others > DISTURBED.others) found.push(`others used ${Math.round(others * 100)} % of the machine`)
  return found
}
