/** Which test files report figures, and under which names: found by reading them and their imports below `test/`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const REPORTS = /\b(?:tell|bound|tellWrong|tally)\(\s*'([A-Z]+\d+)'/g
const IMPORT = /^import [^'"]*'(\.[^']+)'/gm
/** They define how figures are reported, and report none. */
const NONE = /^test\/(support\/figures|reliability(\/.*|\.test))\.ts$/

/** The names that each test file reports, by its path from `root`. */
export function figureFiles(root: string): Map<string, Set<string>> {
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
    .map((file) => join('test', file))
  const all = files.sort().map((file) => [file, namesIn(root, file, new Set())] as const)
  return new Map(all.filter(([, names]) => names.size > 0))
}

function namesIn(root: string, file: string, seen: Set<string>): Set<string> {
  if (seen.has(file) || NONE.test(file) || !file.startsWith('test/')) return new Set()
  seen.add(file)
  const text = readFileSync(join(root, file), 'utf8')
  const own = [...text.matchAll(REPORTS)].map(([, name = '']) => name)
  const paths = [...text.matchAll(IMPORT)].map(([, path = '']) => resolve('/', dirname(file), path).slice(1))
  // An import inside a string that a test writes names no real file.
  const imported = paths.filter((path) => existsSync(join(root, path)))
  return new Set([...own, ...imported.flatMap((path) => [...namesIn(root, path, seen)])])
}
