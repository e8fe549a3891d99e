/**
 * A vitest reporter that ends a run with one plain line, for programs: `tests: 12 passed, 0 failed`. If
 * `FIGURES` names a file (`figures.ts`), what became of each test file is written there too.
 */
import { appendFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'

/** What became of a test file. One more line, for all files of a run, says how many errors no test caught: `uncaught`. */
export interface Outcome {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export default class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const results = tests.map((test) => test.result())
    const states = results.map(({ state }) => state)
    const notes = new Set(results.map((result) => ('note' in result && result.note ? `skipped: ${result.note}\n` : '')))
    for (const test of tests) {
      const times = test.diagnostic()?.retryCount ?? 0
      if (times > 0) notes.add(`tried ${times + 1} times: ${test.name}\n`)
    }
    const count = (state: string) => states.filter((each) => each === state).length
    // A file that cannot be read, a hook that throws and a stray rejection fail the run without failing a test.
    const broken = modules.filter((module) => module.state() === 'failed' && !hasFailedTest(module)).length
    const failed = count('failed') + count('pending') + broken + errors.length
    const text = `${[...notes].join('')}tests: ${count('passed')} passed, ${failed} failed, ${count('skipped')} skipped\n`
    const { FIGURES } = process.env
    if (FIGURES) appendFileSync(FIGURES, outcomes(modules, errors))
    // After the lines of the reporter that prints for people, which writes when this function has returned.
    setImmediate(() => process.stdout.write(text))
  }
}

function hasFailedTest(module: TestModule): boolean {
  return [...module.children.allTests('failed')].length > 0
}

function outcomes(modules: readonly TestModule[], errors: readonly unknown[]): string {
  const lines = modules.map((module): Outcome => {
    const states = [...module.children.allTests()].map((test) => test.result().state)
    const count = (state: string) => states.filter((each) => each === state).length
    const isBroken = module.state() === 'failed' && !hasFailedTest(module)
    const failed = count('failed') + count('pending') + Number(isBroken)
    return {
      file: relative(process.cwd(), module.moduleId),
      passed: count('passed'),
      failed,
      skipped: count('skipped'),
    }
  })
  return [...lines, { uncaught: errors.length }].map((line) => `${JSON.stringify(line)}\n`).join('')
}
