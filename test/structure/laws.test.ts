/** Rules for the source code, checked by reading it: imports, use of the process, length of files. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { circles, readGraph, upward } from './import-graph.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MAX_LINES = 250
const IMPORT = /^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?'(\.[^']+)'/gm

interface Source {
  readonly text: string
  /** Without comments: what a law says of code is not broken by a word. */
  readonly code: string
  /** The files it needs when it runs; types are gone by then. */
  readonly imports: readonly string[]
}

const src = sources('src', /\.ts$/)
const rooms = sources('rooms', /\.ts$/)
const pages = sources('public', /\.js$/)
const styles = sources('public', /\.css$/)
const tests = sources('test', /\.ts$/)
const names = (of: Map<string, Source>, isWrong: (source: Source, name: string) => boolean) =>
  [...of].filter(([name, source]) => isWrong(source, name)).map(([name]) => name)

describe('the source', () => {
  it('is found', () => {
    expect(src.size).toBeGreaterThan(30)
    expect(rooms.size).toBeGreaterThan(10)
    expect(pages.size).toBeGreaterThan(3)
    expect(src.get('src/server.ts')?.imports).toContain('src/gate/gate.ts')
  })

  it('imports down only, types included, and in no circle', () => {
    const graph = readGraph()
    expect(upward(graph)).toEqual([])
    expect(circles(graph)).toEqual([])
    expect(graph.imports.length).toBeGreaterThan(500)
  })

  it('reads the environment in environment.ts alone', () => {
    expect(names(src, ({ code }) => /\bprocess\.env\b|import\.meta\.env/.test(code))).toEqual([
      'src/config/environment.ts',
    ])
  })

  it('reads argv, hears signals and exits in main.ts alone', () => {
    const owned = /\bprocess\.(argv|on|once|exit|exitCode|kill)\b/
    expect(names(src, ({ code }) => owned.test(code))).toEqual(['src/main.ts'])
  })

  it('keeps no state outside of what server.ts makes', () => {
    const variable = /^(export )?(let|var) /m
    const container = /^(export )?const \w+(: [^=]+)? = (new (Map|WeakMap|Array)\b|new Set\(\)|\[\]$|\{\}$)/m
    expect(names(src, ({ code }) => variable.test(code) || container.test(code))).toEqual([])
    expect(names(rooms, ({ code }) => variable.test(code) || container.test(code))).toEqual([])
  })

  it('takes time and chance from the Clock and the Random it is given', () => {
    const own =
      /\b(setTimeout|setInterval|setImmediate|scheduler|hrtime|Date\.now|performance\.now|AbortSignal\.timeout|Math\.random|random(UUID|Bytes|Int|FillSync)|getRandomValues)\b|node:timers|new Date\(\)/
    const may = {
      'src/clock.ts': 'the machine gives it time',
      'src/random.ts': 'the machine gives it chance',
      'src/testing/hand-clock.ts': 'its `soon` is a real turn of the loop: only time is in the hands of the test',
      'src/testing/test-wire.ts': 'a test that waits for what never comes gives up in real time',
    }
    // The client runs in a page, where nobody hands it a clock.
    expect(names(src, ({ code }, name) => !name.startsWith('src/client/') && own.test(code))).toEqual(Object.keys(may))
    expect(names(rooms, ({ code }) => own.test(code))).toEqual([])
    // A race leaves its timer running and ignores how the loser ends: use `within` to bound a wait.
    expect(names(src, ({ code }) => /\bPromise\.race\b/.test(code))).toEqual([])
  })

  it('chooses the log in server-log.ts for every server, and in the testing kit for room authors', () => {
    const implementation = /^src\/log\/(memory|sqlite)/
    const chooses = ({ imports }: Source, name: string) =>
      !name.startsWith('src/log/') && imports.some((file) => implementation.test(file))
    // Without a server, `corridor backup` copies the file itself.
    expect(names(src, chooses)).toEqual(['src/cli/backup.ts', 'src/server-log.ts', 'src/testing.ts'])
  })

  it('chooses the transports in server.ts: none of their folders imports another', () => {
    const { imports } = readGraph()
    const folder = (file: string) => /^transports\/(\w+)\//.exec(file)?.[1]
    const across = imports.filter(({ from, to }) => folder(from) && folder(to) && folder(from) !== folder(to))
    expect(across).toEqual([])
  })

  it('loads Socket.IO with its folder alone, and that only where it is on', () => {
    const loads = /(?:from|import\() ?'(?:socket\.io|engine\.io)[^']*'/
    const others = new Map([...src].filter(([name]) => !name.startsWith('src/transports/socketio/')))
    expect(names(others, ({ code }) => loads.test(code))).toEqual([])
    const enters = /(?:^import [^']*|from )'[^']*transports\/socketio\//m
    expect(names(others, ({ code }) => enters.test(code))).toEqual([])
    expect(names(others, ({ code }) => /await import\('\.\/transports\/socketio\//.test(code))).toEqual([
      'src/server.ts',
    ])
  })

  it('loads ioredis with the log in Redis alone, and that and the nodes only where REDIS_URL is set', () => {
    const others = new Map([...src].filter(([name]) => !/^src\/(log\/redis|nodes)\//.test(name)))
    const both = new Map([...src].filter(([name]) => !name.startsWith('src/log/redis/')))
    expect(names(both, ({ code }) => /(?:from|import\() ?'ioredis'/.test(code))).toEqual([])
    // The form of the URL is checked before; a type is not there when the code runs.
    const enters = /^import (?!type )[^']*'[^']*(?:log\/redis\/(?!address\.ts)|\/nodes\/)/m
    expect(names(others, ({ code }) => enters.test(code))).toEqual([])
    expect(src.get('src/log/redis/address.ts')?.imports).toEqual([])
    expect(names(others, ({ code }) => /await import\('\.[^']*log\/redis\//.test(code))).toEqual(['src/cli/backup.ts'])
    expect(names(others, ({ code }) => /await import\('\.[^']*\/nodes\//.test(code))).toEqual(['src/server-log.ts'])
  })

  it('touches the private parts of a dependency in one file each, "…-internals.ts"', () => {
    // `_zod` is what zod has for libraries, and documents.
    const isPrivate = /\._(?!zod\b)[a-z]|\{ _[a-z]\w*(: \w+)?[ ,]|\.listeners\(/
    expect(names(src, ({ code }) => isPrivate.test(code)).map((name) => name.split('/').at(-1))).toEqual([
      'node-http-internals.ts',
      'socketio-internals.ts',
      'ws-internals.ts',
    ])
    // A range of versions could bring parts with other names.
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(dependencies.ws).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('lets no class of a room or of its peers out: what joins them holds sessions and interfaces, types included', () => {
    const outside = /\/(transports|gate|testing|operations)\//
    const inner = /from '[^']*\/(peer|peer-session|subscriber|members|membership|room|event-room|raw-room|readers)\.ts'/
    expect(names(src, ({ code }, name) => outside.test(name) && inner.test(code))).toEqual([])
    // A cast through `unknown` takes one thing for another: only for the private parts of a dependency.
    const recast = /\bas unknown as\b/
    expect(names(src, ({ code }, name) => recast.test(code) && !/-internals\.ts$/.test(name))).toEqual([])
  })

  it('gives room modules nothing but what is public', () => {
    expect(names(rooms, ({ text }) => /from '\.\.?\/.*src\//.test(text))).toEqual([])
  })

  it('has no barrel: a file that only hands on what others export', () => {
    const handsOn = /^export (\*|type \{|\{)[^;]*? from '[^']+'$/gm
    const isBarrel = ({ code }: Source) => /\S/.test(code) && !/\S/.test(code.replaceAll(handsOn, ''))
    expect(names(src, (source, name) => isBarrel(source) || /\/(index|utils?|helpers?|types)\.ts$/.test(name))).toEqual(
      [
        // What client and server agree on: types alone.
        'src/client/types.ts',
      ],
    )
    expect(names(src, ({ code }) => /^export \* from/m.test(code))).toEqual([])
  })
})

describe('a file', () => {
  it(`has at most ${MAX_LINES} lines`, () => {
    for (const of of [src, rooms, pages, styles, tests])
      expect(names(of, ({ text }) => text.split('\n').length > MAX_LINES + 1)).toEqual([])
  })

  it('opens with a comment on what it owns', () => {
    const opens = /^(#!.*\n)?(\/\/ @ts-check\n)?\/\*\*/
    for (const of of [src, rooms, pages, tests]) expect(names(of, ({ text }) => !opens.test(text))).toEqual([])
    expect(names(styles, ({ text }) => !text.startsWith('/*'))).toEqual([])
  })

  it('names only files that are in the repository', () => {
    const elsewhere = /(?<!\bdocs\/)\b(CONTRACT|DESIGN|RELIABILITY|STYLE)\b|\b(NODES|PEERS|FINDINGS|MOVES|WORDS)\.md\b/
    const own = 'test/structure/laws.test.ts'
    for (const of of [src, rooms, pages, tests])
      expect(names(of, ({ text }, name) => name !== own && elsewhere.test(text))).toEqual([])
  })
})

function sources(folder: string, pattern: RegExp): Map<string, Source> {
  const files = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  return new Map(files.map((file) => [relative(ROOT, file), read(file)]))
}

function read(file: string): Source {
  const text = readFileSync(file, 'utf8')
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  const imports = [...code.matchAll(IMPORT)]
    .filter(([, isType]) => !isType)
    .map(([, , path = '']) => relative(ROOT, resolve(dirname(file), path)))
  return { text, code, imports }
}
