/** The table of `npm run reliability`: every name of the catalogue has a test that reports its figure, and no other name is reported. */
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { ENTRIES } from '../reliability/catalogue.ts'
import { figureFiles } from '../reliability/figure-files.ts'
import { readRun, report } from '../reliability/table.ts'

const reported = new Set(
  [...figureFiles(fileURLToPath(new URL('../..', import.meta.url))).values()].flatMap((names) => [...names]),
)

it('every name of the catalogue has a test that reports a figure, or a reason why not', () => {
  expect(ENTRIES.filter(({ name, missing }) => reported.has(name) === (missing !== undefined))).toEqual([])
  expect(new Set(ENTRIES.map(({ name }) => name)).size).toBe(ENTRIES.length)
})

it('no test reports a figure under a name that the catalogue does not have', () => {
  expect([...reported].filter((name) => ENTRIES.every((entry) => entry.name !== name))).toEqual([])
})

it('the report has each figure beside its name, sums what is counted, and says what is not there', () => {
  const lines = [
    { test: 'HS2', figure: 'wrong answers', value: '0 of 11', file: 'test/gate/handshake.test.ts' },
    { test: 'HS2', figure: 'wrong answers', value: '1 of 9', file: 'test/gate/handshake.test.ts' },
    { test: 'F8', figure: 'ms a|b', value: 1.5, file: 'test/x.test.ts' },
    { test: 'F8', figure: 'ms a|b', value: 0.5, file: 'test/x.test.ts' },
    { file: 'test/gate/handshake.test.ts', passed: 19, failed: 1, skipped: 0 },
    { uncaught: 2 },
  ]
  const text = report(readRun(lines.map((line) => JSON.stringify(line)).join('\n')), ['today'])
  expect(text).toMatch(/^\| HS2 \|.* \| wrong answers: \*\*1 of 20\*\* \| `test\/gate\/handshake.test.ts` \|$/m)
  expect(text).toContain('ms a\\|b: **1.5**')
  expect(text).toContain('- today\n- 19 tests passed, 1 failed (`test/gate/handshake.test.ts`), 0 skipped\n')
  expect(text).toContain('uncaught exceptions and rejections: 2')
  expect(text.split('## Without a figure')[1]).toMatch(/^- HS1: .*\n(.*\n)*- F9: no test reported one in this run$/m)
  expect(text.split('## Without a figure')[1]).not.toMatch(/HS2|F8/)
})
