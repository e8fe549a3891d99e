/** How the tests are built, held by reading them: what `npm test` may judge, and which group a file belongs to. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { groups, LONG, testFiles } from '../support/groups.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const { quick, slow, load, measured, foreign } = groups(ROOT)
/** They speak of what is forbidden. */
const EXCEPT = ['test/structure/test-laws.test.ts', 'test/kill/process.test.ts']

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8').replaceAll(/^\s*(\/\/|\*|\/\*\*).*$/gm, '')
const those = (files: readonly string[], isWrong: (text: string) => boolean) =>
  files.filter((file) => !EXCEPT.includes(file) && isWrong(read(file)))

/** What a test measures: a time of the machine, or the memory of a process. */
const MEASURE = String.raw`performance\.now\(\)|Date\.now\(\) - |memoryUsage|growthMib|residentMib|heapMib|\.times\(\)`

/** Whether something measured stands in an `expect`, by itself or under a name. */
function judges(text: string): boolean {
  // Its time is the test's own.
  if (/useFakeTimers|advanceTimers/.test(text)) return false
  const given = [...text.matchAll(new RegExp(`(?:const|let) ([\\w\\s{},:]+?)(?:: \\w+)? = [^\\n]*(?:${MEASURE})`, 'g'))]
  const names = given.flatMap(([, name = '']) => name.match(/\w+/g) ?? []).filter((name) => name !== 'count')
  const terms = [MEASURE, ...names.map((name) => `\\b${name}\\b`)].join('|')
  return new RegExp(`expect\\([^\\n]*(?:${terms})[^\\n]*\\)\\s*\\.`).test(text)
}

it('every test file has one group', () => {
  expect([...quick, ...slow, ...load, ...measured, ...foreign].sort()).toEqual(testFiles(ROOT))
  for (const group of [quick, slow, load, measured, foreign]) expect(group.length).toBeGreaterThan(1)
})

it('what is named as long is there, once', () => {
  for (const name of LONG) expect(slow.filter((file) => file.endsWith(`/${name}.test.ts`))).toHaveLength(1)
})

describe('a test of `npm test`', () => {
  const all = [...quick, ...slow, ...load]

  it('judges no time and no memory: that is for `npm run reliability`', () => {
    expect(those(all, judges)).toEqual([])
  })

  it('is tried once, and has no short deadline of its own', () => {
    const short = (text: string) =>
      [...text.matchAll(/\btimeout: ([\d_]+)(?![^\n]*\.catch\()/g)].some(
        ([, ms = '']) => Number(ms.replaceAll('_', '')) < 60_000,
      )
    const again = /\bit(?:\.\w+)*\([^\n]*\bretry: \d/
    expect(those(all, (text) => again.test(text) || short(text))).toEqual([])
  })

  it('is quick only if it starts nothing outside of its process', () => {
    const starts = /child_process|playwright|\bneed\('|new Process\(|\bcorridor\(\[/
    expect(those(quick, (text) => starts.test(text))).toEqual([])
  })
})

describe('the law on what is judged', () => {
  it.each([
    'expect(performance.now() - begin).toBeLessThan(5)',
    'const tookMs = performance.now() - begin\nexpect(tookMs).toBeLessThan(5)',
    'const { p99Ms, count } = await honest.times()\nexpect(p99Ms).toBeLessThan(5)',
    'const grown = await server.growthMib(async () => {\n})\nexpect(grown).toBeLessThan(5)',
  ])('finds %j', (text) => expect(judges(text)).toBe(true))

  it.each([
    "const tookMs = performance.now() - begin\nbound('X1', 'ms', tookMs, 5)",
    'const { p99Ms, count } = await honest.times()\nexpect(count).toBe(5)',
  ])('lets pass %j', (text) => expect(judges(text)).toBe(false))
})

it('the model of Redis and the simulation have no time and no chance of their own', () => {
  const own =
    /\bDate\.now|new Date\b|performance\.|Math\.random|random(UUID|Bytes|Int)|set(Timeout|Interval|Immediate)|process\./
  const texts = ['test/support/redis-model', 'test/simulation'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(folder, file)),
  )
  // The command measures its rate; a step ends with the turn of the real loop in which its promises have settled.
  const may = ['test/simulation/run.ts', 'test/simulation/timeline.ts']
  expect(texts.length).toBeGreaterThan(45)
  expect(those(texts, (text) => own.test(text)).sort()).toEqual(may)
})
