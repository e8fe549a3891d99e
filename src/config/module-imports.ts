/**
 * The imports of a source text: static imports, re-exports, `import()` and `require()` of a literal. Nothing is
 * executed. `module-graph.ts` follows them.
 */
import { extname } from 'node:path'
import { parse } from 'es-module-lexer/js'

export interface Import {
  readonly specifier: string
  /** By `require`, which resolves files differently. */
  readonly isRequired: boolean
}

const REQUIRE = /\brequire\s*\(\s*(['"`])([^'"`\n$]+)\1\s*\)/g
/** For a text with syntax errors: its imports will most likely be the same once it is mended. */
const ROUGHLY = /(?:\bfrom|\bimport)\s*\(?\s*(['"`])([^'"`\n$]+)\1/g

/** The imports of the file's text, each once, without type imports. */
export function importsOf(file: string, source: string): Import[] {
  if (!/^\.[cm]?[jt]s$/.test(extname(file))) return []
  const found = new Map<string, Import>()
  for (const specifier of imported(file, source)) found.set(`import ${specifier}`, { specifier, isRequired: false })
  for (const [, , specifier = ''] of source.matchAll(REQUIRE))
    found.set(`require ${specifier}`, { specifier, isRequired: true })
  return [...found.values()]
}

function imported(file: string, source: string): string[] {
  try {
    const [imports] = parse(source, file)
    return imports.flatMap((found) => {
      if (found.type === 'import-meta') return []
      if (found.type === 'dynamic') return found.glob || found.probablyTypeOnly ? [] : (found.specifier ?? [])
      return found.typeOnly ? [] : found.specifier
    })
  } catch {
    return [...source.matchAll(ROUGHLY)].map(([, , specifier = '']) => specifier)
  }
}
