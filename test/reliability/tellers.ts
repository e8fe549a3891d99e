/** Which test files tell figures, and under which names: found by reading them and what they import below `test/`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const TOLD = /\b(?:tell|bound|tellWrong|tally)\(\s*'([A-Z]+\d+)'/g
const IMPORT = /^import [^'"]*'(\.[^']+)'/gm
/** They say how to tell, and tell nothing. */
const NONE = /^test\/(support\/figures|reliability(\/.*|\.test))\.ts$/

/** The names that each test file tells, by its path from `root`. */
export function tellers(root: string): Map<string, Set<string>> {
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
  const own = [...text.matchAll(TOLD)].map(([, name = '']) => name)
  const paths = [...text.matchAll(IMPORT)].map(([, path = '']) => resolve('/', dirname(file), path).slice(1))
  // An import in a text that a test writes leads nowhere.
  const imported = paths.filter((path) => existsSync(join(root, path)))
  return new Set([...own, ...imported.flatMap((path) => [...namesIn(root, path, seen)])])
}
