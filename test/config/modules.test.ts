/**
 * Finding and importing room modules. It runs in a Node of its own, as the server does: inside the test runner imports
 * go another way.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { moduleFiles } from '../../src/config/module-loader.ts'

const source = (name: string) => new URL(`../../src/${name}`, import.meta.url).href
const parent = mkdtempSync(join(tmpdir(), 'corridor-modules-'))
let folder: string
afterAll(() => rmSync(parent, { recursive: true }))
beforeEach(() => {
  folder = mkdtempSync(join(parent, 'rooms-'))
})

function put(name: string, text: string): string {
  mkdirSync(join(folder, name, '..'), { recursive: true })
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

/** Runs statements that may use `load(name)` (→ the default export, or `!` and the message) and `put`; → what they log. */
async function run(statements: string): Promise<string[]> {
  const script = `
    import { writeFileSync } from 'node:fs'
    import { importModule, resolveModule } from '${source('config/module-loader.ts')}'
    import { defineRoom } from '${source('define.ts')}'
    const folder = ${JSON.stringify(folder)}
    const put = (name, text) => writeFileSync(folder + '/' + name, text)
    const load = async (name) => {
      try { return await importModule(resolveModule(name, folder)) } catch (error) { return '! ' + error.message }
    }
    ${statements}`
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: folder,
  })
  expect(stderr).toBe('')
  return stdout.trimEnd().split('\n')
}

/** What each name loads as. */
function loads(...names: string[]): Promise<string[]> {
  return run(`for (const name of ${JSON.stringify(names)}) console.log(await load(name))`)
}

describe('a name', () => {
  it('means a file in the folder, with any of four extensions or its own', async () => {
    put('a.ts', "export default 'a.ts' as string")
    put('b.js', "export default 'b.js'")
    put('c.mts', "export default 'c.mts' as string")
    put('d.mjs', "export default 'd.mjs'")
    put('deep/er/e.ts', "export default 'e.ts' as string")
    expect(await loads('a', './b', 'b.js', 'c', 'd', 'deep/er/e', join(folder, 'a'))).toEqual([
      'a.ts',
      'b.js',
      'b.js',
      'c.mts',
      'd.mjs',
      'e.ts',
      'a.ts',
    ])
  })

  it('means a file beside the folder', async () => {
    const name = `../${folder.split('/').at(-1)}-beside`
    put(`${name}.ts`, "export default 'beside' as string")
    expect(await loads(name)).toEqual(['beside'])
  })

  it('means an installed package or a part of it if there is no such file', async () => {
    put('node_modules/quiz/package.json', '{"name":"quiz","exports":{".":{"import":"./m.mjs"},"./hard":"./hard.mjs"}}')
    put('node_modules/quiz/m.mjs', "export default 'package'")
    put('node_modules/quiz/hard.mjs', "export default 'part'")
    put('node_modules/@an/other/package.json', '{"name":"@an/other","main":"x.js"}')
    put('node_modules/@an/other/x.js', "module.exports = 'commonjs'")
    expect(await loads('quiz', 'quiz/hard', '@an/other', 'quiz/soft')).toEqual([
      'package',
      'part',
      'commonjs',
      expect.stringMatching(/^! expected a room module, got a package that has none there: Package subpath '.\/soft'/),
    ])
    put('quiz.ts', "export default 'file' as string")
    expect(await loads('quiz')).toEqual(['file'])
  })

  it('of nothing is reported with the places that were searched', async () => {
    expect(await loads('gone', './gone', 'gone.js', 'fs')).toEqual([
      `! expected a room module, found no file ${folder}/gone.ts (.mts, .js, .mjs) and no installed package "gone"; make one, or mend the name`,
      `! expected a room module, found no file ${folder}/gone.ts (.mts, .js, .mjs); make one, or mend the name`,
      `! expected a room module, found no file ${folder}/gone.js and no installed package "gone.js"; make one, or mend the name`,
      expect.stringContaining('no installed package "fs"'),
    ])
  })
})

describe('a module', () => {
  it('gets this very server as `corridor`, and its zod, wherever it lies', async () => {
    put(
      'a.ts',
      "import { defineRoom } from 'corridor'\nimport { z } from 'zod'\nexport default { defineRoom, zod: z.string }",
    )
    const zod = JSON.stringify(import.meta.resolve('zod'))
    expect(
      await run(`
        const module = await load('a')
        const { z } = await import(${zod})
        console.log(module.defineRoom === defineRoom, module.zod === z.string)`),
    ).toEqual(['true true'])
  })

  it('keeps its own zod if it has one', async () => {
    put('node_modules/zod/package.json', '{"name":"zod","main":"i.js"}')
    put('node_modules/zod/i.js', "exports.z = 'own'")
    put('a.ts', "import { z } from 'zod'\nexport default z")
    expect(await loads('a')).toEqual(['own'])
  })

  it('may be TypeScript in a package that does not say it is of modules', async () => {
    put('package.json', '{"name":"mine"}')
    put('a.ts', "import { n } from './b.ts'\nexport default n")
    put('b.ts', 'export const n: number = 5')
    expect(await loads('a')).toEqual(['5'])
  })

  it('is read anew when it or what it imports has changed, and is the same object otherwise', async () => {
    put('a.ts', "import { n } from './part.ts'\nexport default { n }")
    put('part.ts', "export { n } from './deep.ts'")
    put('deep.ts', 'export const n: number = 1')
    expect(
      await run(`
        const first = await load('a')
        console.log(first.n, await load('a') === first)
        put('deep.ts', 'export const n: number = 2')
        const second = await load('a')
        console.log(second.n, await load('a') === second)
        put('a.ts', 'export default { n: 3 }')
        console.log((await load('a')).n)`),
    ).toEqual(['1 true', '2 true', '3'])
  })

  it('that failed is read again when the missing file is there', async () => {
    put('a.ts', "import n from 'later'\nexport default n")
    expect(
      await run(`
        console.log(await load('a'))
        const { mkdirSync } = await import('node:fs')
        mkdirSync(folder + '/node_modules/later', { recursive: true })
        put('node_modules/later/index.js', 'module.exports = 7')
        console.log(await load('a'))`),
    ).toEqual([expect.stringContaining("! the module cannot be loaded: Cannot find package 'later'"), '7'])
  })

  it('keeps the packages it imports, however often it is read anew', async () => {
    put('node_modules/lib/package.json', '{"name":"lib","type":"module","exports":"./i.js"}')
    put('node_modules/lib/i.js', 'export const state = {}')
    put('a.ts', "import { state } from 'lib'\nexport default { state }")
    expect(
      await run(`
        const first = await load('a')
        put('a.ts', "import { state } from 'lib'\\nexport default { state, more: 1 }")
        const second = await load('a')
        console.log(first === second, first.state === second.state)`),
    ).toEqual(['false true'])
  })

  it('consists of itself and what it imports by relative paths', async () => {
    const a = put(
      'a.ts',
      "import './b.ts'\nexport * from \"./c.js\"\nimport { z } from 'zod'\nawait import('./gone.ts')",
    )
    const b = put('b.ts', "import './a.ts'")
    const c = put('c.js', '')
    expect(await moduleFiles(a)).toEqual([a, b, c])
  })
})

describe('a module that fails names message and place, and shows no stack', () => {
  it.each([
    [
      'a.ts',
      'export const a = 1\nconst = 5\n',
      'Unexpected token `=`. Expected yield, an identifier, [ or {',
      'a.ts:2',
    ],
    ['a.js', 'export const a = 1\nconst = 5\n', "Unexpected token '='", 'a.js:2'],
    ['a.ts', 'export default 1\nenum A { x }\n', 'TypeScript enum is not supported in strip-only mode', 'a.ts:2'],
    ['a.ts', "export default 1\nfunction f() {\n  throw new Error('boom\\nmore')\n}\nf()\n", 'boom', 'a.ts:3'],
    ['a.ts', "export default 1\nthrow 'words'\n", 'words', 'a.ts'],
    [
      'a.ts',
      "import { gone } from './b.ts'\nexport default gone\n",
      "does not provide an export named 'gone'",
      'a.ts:1',
    ],
    ['a.ts', "import './c.js'\nexport default 1\n", "Unexpected token '='", 'c.js:1'],
  ])('%s: %j', async (name, text, message, place) => {
    put('b.ts', 'export const b = 1')
    put('c.js', 'const = 5')
    put(name, text)
    const [line, ...more] = await loads('a')
    expect(more).toEqual([])
    expect(line).toContain('! the module cannot be loaded: ')
    expect(line).toContain(message)
    expect(line).toContain(`(${place})`)
  })

  it('one that never ends to load is not waited for', async () => {
    put('a.ts', 'await new Promise(() => {})\nexport default 1')
    const [line] = await run("console.log(await importModule(folder + '/a.ts', 50).catch(({ message }) => message))")
    expect(line).toBe('the module cannot be loaded: it is not there within 50 ms (a.ts)')
  })

  it('is reported with what it should export', async () => {
    put('a.ts', 'export const room = {}')
    expect(await loads('a')).toEqual(['! expected "export default defineRoom({ … })" in a.ts, got no default export'])
  })
})
