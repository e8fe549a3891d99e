/**
 * Which group a test file belongs to, found by its name and by reading what it imports below `test/`, so that no list can
 * grow stale: `vitest.config.ts` makes a project of each. A new file is `quick` until it starts a process or a browser.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/**
 * `quick`: in the process of the test alone, with no browser, no other program, and no long wait; all of it takes at most
 * 45 s on two quiet cores. `slow`: with a browser, a proxy or any other process, and what `LONG` names. `load`: many
 * clients. `measured`: verdicts on times, rates and memory, for `npm run reliability` only.
 * `foreign`: clients of other languages, for `npm run test:foreign` only.
 */
export type Group = 'quick' | 'slow' | 'load' | 'measured' | 'foreign'

const BY_NAME = /\.(load|measured|foreign)\.test\.ts$/
const IMPORT = /^(?:import|export) [^'"]*'([^']+)'/gm
/** What starts something outside of the process. */
const OUTSIDE = /^(node:child_process|playwright-core)$|\/components\.ts$/
/**
 * In the process, but long: many cases, many sockets, a wait that no clock of the test shortens, or cases of a quick file
 * again over a log on disk. Before a file is named here, its waits become a hand clock, a shorter setting, or an event to
 * wait for.
 */
export const LONG = [
  'asyncapi',
  'autobahn',
  'canary',
  'erased',
  'fast-reader',
  'fuzz',
  'interleaved-owners',
  'interleaving',
  'join-race',
  'link-fuzz',
  'node-mistakes',
  'private-session',
  'redis-log-model',
  'same-room-event-stream-file',
  'same-room-post-file',
  'same-room-socketio-polling-file',
  'same-room-socketio-websocket-file',
  'same-room-websocket-file',
  'second-server',
  'simulation-mistakes',
  'version-2',
]

/** Every test file by its group; paths from `root`. */
export function groups(root: string): Record<Group, string[]> {
  const found: Record<Group, string[]> = { quick: [], slow: [], load: [], measured: [], foreign: [] }
  for (const file of testFiles(root)) found[groupOf(root, file)].push(file)
  return found
}

export function testFiles(root: string): string[] {
  const below = (folder: string) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file))
  return ['test', 'rooms']
    .flatMap(below)
    .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
    .sort()
}

function groupOf(root: string, file: string): Group {
  const named = BY_NAME.exec(file)?.[1]
  if (named === 'load' || named === 'measured' || named === 'foreign') return named
  return LONG.includes(basename(file, '.test.ts')) || reachesOutside(root, file, new Set()) ? 'slow' : 'quick'
}

function reachesOutside(root: string, file: string, seen: Set<string>): boolean {
  seen.add(file)
  const imports = [...readFileSync(join(root, file), 'utf8').matchAll(IMPORT)].map(([, path = '']) => path)
  if (imports.some((path) => OUTSIDE.test(path))) return true
  return imports
    .filter((path) => path.startsWith('.'))
    .map((path) => resolve('/', dirname(file), path).slice(1))
    .some(
      (path) => path.startsWith('test/') && !seen.has(path) && isThere(root, path) && reachesOutside(root, path, seen),
    )
}

/** An import in a text that a test writes leads nowhere. */
function isThere(root: string, file: string): boolean {
  return file.endsWith('.ts') && existsSync(join(root, file))
}
