/**
 * Figures that tests measure, for who makes a table of them (`test/reliability/`): where the environment names a file in
 * `FIGURES`, each is appended to it as a line of JSON. `test` is its name in the catalogue, like `F10`.
 */
import { appendFileSync } from 'node:fs'
import { relative } from 'node:path'
import { afterAll, afterEach, expect } from 'vitest'
import { isMeasuring } from './scale.ts'

export interface Figure {
  readonly test: string
  /** What was measured, with its unit. */
  readonly figure: string
  readonly value: number | string
  readonly file: string
}

export function tell(test: string, figure: string, value: number | string): void {
  const rounded = typeof value === 'number' ? Math.round(value * 100) / 100 : value
  write({ test, figure, value: rounded, file: relative(process.cwd(), expect.getState().testPath ?? '') })
}

/**
 * Reports a time, a rate, a percentage or a memory, and what it must stay below. Judged only in a run that measures, and in a
 * file of measured tests: in `npm test` such a verdict would be one on the machine.
 */
export function bound(test: string, figure: string, value: number | undefined, below: number): void {
  tell(test, `${figure} (below ${below})`, value ?? 'none')
  const isMeasured = isMeasuring || /\.measured\.test\.ts$/.test(expect.getState().testPath ?? '')
  if (isMeasured) expect.soft(value, figure).toBeLessThan(below)
}

/** In a `describe`, or a file: reports how many of its tests went wrong, of how many there were. */
export function tellWrong(test: string, figure: string): void {
  let count = 0
  let wrong = 0
  afterEach(({ task }) => {
    count += 1
    if (task.result?.state === 'fail') wrong += 1
  })
  afterAll(() => {
    if (count > 0) tell(test, figure, `${wrong} of ${count}`)
  })
}

/**
 * For tests that go through many cases: → what checks one case, and counts it as wrong where the check throws. Tells at
 * the end of the `describe`, or of the file, how many went wrong, of how many there were.
 */
export function tally(test: string, figure: string): (check: () => unknown) => Promise<void> {
  let count = 0
  let wrong = 0
  afterAll(() => {
    if (count > 0) tell(test, figure, `${wrong} of ${count}`)
  })
  return async (check) => {
    count += 1
    try {
      await check()
    } catch (error) {
      wrong += 1
      throw error
    }
  }
}

function write(figure: Figure): void {
  const { FIGURES } = process.env
  if (FIGURES) appendFileSync(FIGURES, `${JSON.stringify(figure)}\n`)
}
