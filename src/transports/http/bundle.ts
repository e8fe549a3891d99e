/**
 * Bundles the modules of a page: each becomes a function that returns its exports, in order of dependency. Scopes stay
 * separate, so nothing is renamed; comments are removed. `pages.ts` bundles each page's scripts.
 */
const IMPORT = /^import (?:\{([^}]*)\} from )?'\.\/([^']+)'$/gm
const EXPORTED = /^export (?:async )?(?:function|class|const) (\w+)/gm
const EXPORT_LIST = /^export \{([^}]*)\}$/gm
const COMMENT = /^[ \t]*\/\*\*(?:(?!\*\/)[\s\S])*\*\/[ \t]*\n/gm

/** The bundle of `entries` and all they import; `read` returns a file by its name. Throws on a circle of imports. */
export function bundleScripts(entries: readonly string[], read: (name: string) => string): string {
  const parts: string[] = []
  const done = new Set<string>()
  const visit = (name: string, above: readonly string[]): void => {
    if (above.includes(name)) throw new Error(`expected no circle of imports, got ${[...above, name].join(' → ')}`)
    if (done.has(name)) return
    done.add(name)
    const source = read(name)
    for (const [, , needed = ''] of source.matchAll(IMPORT)) visit(needed, [...above, name])
    parts.push(moduleOf(name, source))
  }
  for (const entry of entries) visit(entry, [])
  return `${parts.join('\n')}\n`
}

function moduleOf(name: string, source: string): string {
  const exported = [
    ...Array.from(source.matchAll(EXPORTED), ([, own = '']) => own),
    ...Array.from(source.matchAll(EXPORT_LIST), ([, list = '']) => list.trim()),
  ]
  const body = source
    .replace(COMMENT, '')
    .replace(IMPORT, (_, names: string | undefined, from: string) =>
      names === undefined ? '' : `const {${names.replaceAll(' as ', ': ')}} = ${variableOf(from)}`,
    )
    .replace(EXPORT_LIST, '')
    .replace(EXPORTED, (line) => line.slice('export '.length))
    .trim()
  if (/^(import|export)\b/m.test(body))
    throw new Error(`${name}: expected imports as "import { a } from './b.js'" alone`)
  const given = exported.length > 0 ? `\nreturn { ${exported.join(', ')} }` : ''
  return `const ${variableOf(name)} = (() => {\n${body}${given}\n})()`
}

function variableOf(name: string): string {
  return `$${name.replace(/\.js$/, '').replaceAll(/\W/g, '_')}`
}
