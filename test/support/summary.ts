/** A vitest reporter that ends a run with one plain line, for who reads it by machine: `tests: 12 passed, 0 failed`. */
import type { Reporter, TestModule } from 'vitest/node'

export default class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const results = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result()))
    const states = results.map(({ state }) => state)
    const notes = new Set(results.map((result) => ('note' in result && result.note ? `skipped: ${result.note}\n` : '')))
    const count = (state: string) => states.filter((each) => each === state).length
    // A file that cannot be read, a hook that throws and a stray rejection fail the run without failing a test.
    const broken = modules.filter((module) => module.state() === 'failed' && !hasFailedTest(module)).length
    const failed = count('failed') + count('pending') + broken + errors.length
    const text = `${[...notes].join('')}tests: ${count('passed')} passed, ${failed} failed, ${count('skipped')} skipped\n`
    // After the lines of the reporter that prints for people, which writes when this function has returned.
    setImmediate(() => process.stdout.write(text))
  }
}

function hasFailedTest(module: TestModule): boolean {
  return [...module.children.allTests('failed')].length > 0
}
