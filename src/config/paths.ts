/**
 * Which paths may be rooms: the syntax of a path pattern, the server's own paths, and patterns that match the same
 * paths. `config.ts` and `cli/new-room.ts` check patterns here; the gate uses `isOwnPath`, since a pattern such as
 * `/:name` could match one of the server's paths.
 */
import { fileURLToPath } from 'node:url'
import { filesBelow } from './folder-files.ts'

const OWN = ['/healthz', '/readyz', '/metrics', '/asyncapi.json', '/client.js']
/** With all paths below them. */
const OWN_FOLDERS = ['/socket.io', '/admin', '/docs']
const PARAMETER = /^:[A-Za-z_][A-Za-z0-9_]*$/
const SERVED = /\.(html|css|js|svg|png|ico|txt|webmanifest|woff2)$/
const SEGMENT = /^[A-Za-z0-9._~!$+,=@-]+$/

/** What is wrong with the paths of the rooms: syntax, the server's own paths, two that match the same paths. */
export function pathMistakes(patterns: readonly string[], ownFiles: ReadonlySet<string>): string[] {
  const shapes = new Map<string, string>()
  return patterns.flatMap((pattern) => {
    const mistake = patternMistake(pattern)
    if (mistake) return [`rooms.${pattern}: ${mistake}`]
    if (isOwnPath(pattern, ownFiles)) return [`rooms.${pattern}: the server needs this path itself; choose another`]
    const twin = shapes.get(patternShape(pattern))
    if (twin) return [`rooms.${pattern}: matches the same paths as "${twin}"; keep one of them`]
    shapes.set(patternShape(pattern), pattern)
    return []
  })
}

/** What is wrong with a path pattern, or `undefined`. */
function patternMistake(pattern: string): string | undefined {
  if (!pattern.startsWith('/')) return `expected a path that begins with "/"; write "/${pattern}"`
  if (pattern === '/') return undefined
  if (/[?#]/.test(pattern)) return 'expected a path alone, without "?" or "#"'
  if (pattern.endsWith('/')) return `expected no "/" at the end; write "${pattern.replace(/\/+$/, '') || '/'}"`
  const segments = pattern.slice(1).split('/')
  const names = segments.filter((segment) => segment.startsWith(':'))
  if (new Set(names).size < names.length) return 'expected each parameter once'
  for (const segment of segments) {
    if (segment === '') return 'expected no empty segment ("//")'
    if (segment === '.' || segment === '..') return `expected no "${segment}" in a path`
    if (segment === ':__proto__') return 'expected a parameter of another name than "__proto__"'
    if (segment.startsWith(':') && !PARAMETER.test(segment))
      return `expected a parameter such as ":name" (a letter or "_", then letters, digits, "_"), got "${segment}"`
    if (segment.includes('%')) return `expected the segment "${segment}" without percent-encoding`
    if (!segment.startsWith(':') && !SEGMENT.test(segment))
      return `expected a segment of letters, digits and ._~!$+,=@- or a parameter such as ":name", got "${segment}"`
  }
  return undefined
}

/** Two patterns of one shape match the same paths: `/r/:a` and `/r/:b`. A static path takes precedence over both. */
function patternShape(pattern: string): string {
  return pattern.replaceAll(/:[^/]+/g, ':')
}

/** The parameters a pattern names, in order: `['name']` for `/r/:name`. */
export function patternParameters(pattern: string): string[] {
  return [...pattern.matchAll(/:([^/]+)/g)].map(([, name]) => name ?? '')
}

/** Whether the server itself answers this path (without the base path). `files`: the result of `publicFiles`. */
export function isOwnPath(path: string, files: { has(path: string): boolean }): boolean {
  return isReservedPath(path) || files.has(path)
}

/** Whether the server needs this path itself, so that neither a room nor a file may have it. */
export function isReservedPath(path: string): boolean {
  const isBelow = OWN_FOLDERS.some((folder) => path.startsWith(folder) && (path[folder.length] ?? '/') === '/')
  return isBelow || OWN.includes(path)
}

/**
 * The paths of the served files of `public/`: `/style.css`. Only kinds of files that pages are made of: no hidden file,
 * source map, database or link.
 */
export async function publicFiles(
  folder = fileURLToPath(new URL('../../public', import.meta.url)),
): Promise<ReadonlySet<string>> {
  return new Set((await filesBelow(folder)).filter((path) => SERVED.test(path)))
}
