/**
 * The import graph of `src/`, types included: which folder imports which, what goes upward, which files form a circle.
 * `npm run graph` prints it; `laws.test.ts` holds it. A folder stands on the floor that `FLOORS` gives it, and imports
 * from its own folder and from lower floors only.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const IMPORT = /^(?:import|export)\b[^'"]*?from '(\.[^']+)'|^import '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm

/** From the ground up; on one floor stand folders that know nothing of each other. */
export const FLOORS: readonly (readonly string[])[] = [
  ['ground'],
  ['author'],
  ['define.ts'],
  ['client', 'delivery'],
  ['log'],
  ['log/sqlite', 'log/redis/scripts'],
  ['log/redis'],
  ['config'],
  ['room'],
  ['gate'],
  ['operations'],
  ['transports'],
  ['transports/socketio', 'transports/streams', 'transports/websocket'],
  ['transports/http'],
  ['nodes'],
  ['nodes/edge', 'nodes/owner'],
  ['nodes/nodes.ts'],
  ['nodes/open.ts'],
  ['testing'],
  ['testing.ts', 'server-log.ts'],
  ['server.ts'],
  ['cli'],
  ['main.ts'],
]

/** Files that put together what stands on other floors: neither ground, which all may import, nor of their folder's floor. */
const OWN_PLACE = [
  'main.ts',
  'server.ts',
  'server-log.ts',
  'define.ts',
  'testing.ts',
  'nodes/nodes.ts',
  'nodes/open.ts',
]

export interface Import {
  readonly from: string
  readonly to: string
}

export interface Graph {
  readonly files: readonly string[]
  readonly imports: readonly Import[]
}

/** Every file below `src/` and what it imports, as paths below `src/`. */
export function readGraph(root = join(ROOT, 'src')): Graph {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const imports = files.flatMap((from) => {
    const text = readFileSync(join(root, from), 'utf8')
    return [...text.matchAll(IMPORT)].map(([, one, two, three]) => ({
      from,
      to: relative(root, resolve(root, dirname(from), one ?? two ?? three ?? '')),
    }))
  })
  return { files: files.map(normalize).sort(), imports: imports.filter(({ to }) => files.includes(to)) }
}

/** The place of a file: its folder, `ground`, or itself. */
export function placeOf(file: string): string {
  if (OWN_PLACE.includes(file)) return file
  const folder = dirname(file)
  return folder === '.' ? 'ground' : folder
}

/** The imports between places that do not go down. */
export function upward({ imports }: Graph): Import[] {
  return imports.filter(({ from, to }) => placeOf(from) !== placeOf(to) && floorOf(to) >= floorOf(from))
}

/** The circles of files, each once. */
export function circles({ files, imports }: Graph): string[][] {
  const next = new Map(files.map((file) => [file, imports.filter(({ from }) => from === file).map(({ to }) => to)]))
  const reach = (start: string): Set<string> => {
    const seen = new Set<string>()
    const open = [...(next.get(start) ?? [])]
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (seen.has(file)) continue
      seen.add(file)
      open.push(...(next.get(file) ?? []))
    }
    return seen
  }
  const reached = new Map(files.map((file) => [file, reach(file)]))
  const found = new Map<string, string[]>()
  for (const file of files) {
    const circle = files.filter((other) => reached.get(file)?.has(other) && reached.get(other)?.has(file))
    if (circle.length > 0) found.set(circle.join(' '), circle)
  }
  return [...found.values()]
}

function floorOf(file: string): number {
  const floor = FLOORS.findIndex((places) => places.includes(placeOf(file)))
  if (floor < 0) throw new Error(`expected a floor for ${placeOf(file)}; add it to FLOORS in import-graph.ts`)
  return floor
}

/** What `npm run graph` prints. */
export function describeGraph(graph: Graph): string {
  const { files, imports } = graph
  const arrows = new Set(imports.map(({ from, to }) => `${placeOf(from)} → ${placeOf(to)}`))
  const between = [...arrows].filter((arrow) => new Set(arrow.split(' → ')).size === 2).sort()
  const floors = FLOORS.map((places, floor) => {
    const stand = places.filter((place) => files.some((file) => placeOf(file) === place))
    return `  ${String(floor).padStart(2)}  ${stand.join(', ')}`
  }).reverse()
  const list = (lines: readonly string[]) => (lines.length > 0 ? lines.map((line) => `  ${line}`).join('\n') : '  none')
  return [
    `${files.length} files, ${imports.length} imports, ${new Set(files.map(placeOf)).size} places on ${FLOORS.length} floors, ${between.length} arrows between them`,
    'floors, from the top:',
    ...floors,
    'upward imports:',
    list(upward(graph).map(({ from, to }) => `${from} → ${to}`)),
    'circles:',
    list(circles(graph).map((circle) => circle.join(', '))),
    '',
  ].join('\n')
}

if (import.meta.main) process.stdout.write(describeGraph(readGraph()))
