/** A file is one module for everyone who imports it, as long as it is the same, and all together get a changed one. */
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ModulesFolder } from '../support/modules-folder.ts'

let folder: ModulesFolder
beforeEach(() => {
  folder = new ModulesFolder()
})
afterEach(() => folder.remove())

const room = (file: string) => `import { state } from '${file}'\nexport default { state, by: import.meta.filename }\n`
const state = (n = 1) => `export const state = { n: ${n}, seen: new Set<string>() }\n`

/** Two rooms that share: the same object at first, after nothing changed, and after the helper changed. */
const SHARED = (helper: string, changed: string) => `
  const [a, b] = await loadAll('a', 'b')
  console.log(a.state === b.state, a.state.n)
  const [c, d] = await loadAll('a', 'b')
  console.log(a === c, b === d)
  put(${JSON.stringify(helper)}, ${JSON.stringify(changed)})
  const [e, f] = await loadAll('a', 'b')
  console.log(e.state === f.state, e.state !== a.state, e.state.n)`
const ONE = ['true 1', 'true true', 'true true 2']

describe('a helper of two rooms is one module', () => {
  it('in TypeScript', async () => {
    folder.put('a.ts', room('./store.ts'))
    folder.put('b.ts', room('./store.ts'))
    folder.put('store.ts', state())
    expect(await folder.run(SHARED('store.ts', state(2)))).toEqual(ONE)
  })

  it('in JavaScript, outside of the folder, through another helper', async () => {
    folder.put('a.ts', room('../shared/more.js'))
    folder.put('b.mjs', room('../shared/store.js'))
    folder.put('../shared/package.json', '{ "type": "module" }')
    folder.put('../shared/more.js', "export { state } from './store.js'\n")
    folder.put('../shared/store.js', 'export const state = { n: 1 }\n')
    expect(await folder.run(SHARED('../shared/store.js', 'export const state = { n: 2 }\n'))).toEqual(ONE)
  })

  it('in CommonJS, also what that requires', async () => {
    folder.put('a.ts', "import store from './store.cjs'\nexport default { state: store.state }\n")
    folder.put(
      'b.ts',
      "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)\nexport default { state: require('./store.cjs').state }\n",
    )
    folder.put('store.cjs', "exports.state = require('./deep')\n")
    folder.put('deep.js', 'module.exports = { n: 1 }\n')
    expect(await folder.run(SHARED('deep.js', 'module.exports = { n: 2 }\n'))).toEqual(ONE)
  })

  it('in JSON', async () => {
    for (const name of ['a', 'b'])
      folder.put(`${name}.ts`, "import state from './state.json' with { type: 'json' }\nexport default { state }\n")
    folder.put('state.json', '{ "n": 1 }')
    expect(await folder.run(SHARED('state.json', '{ "n": 2 }'))).toEqual(ONE)
  })

  it('by an alias of package.json', async () => {
    folder.put(
      '../package.json',
      '{ "type": "module", "imports": { "#store": "./lib/store.ts", "#lib/*": "./lib/*" } }',
    )
    folder.put('a.ts', room('#store'))
    folder.put('b.ts', room('#lib/store.ts'))
    folder.put('../lib/store.ts', state())
    expect(await folder.run(SHARED('../lib/store.ts', state(2)))).toEqual(ONE)
  })

  it('by the name of a workspace package', async () => {
    folder.put('../packages/store/package.json', '{ "name": "store", "type": "module", "exports": "./src/index.ts" }')
    folder.put('../packages/store/src/index.ts', "export * from './state.ts'\n")
    folder.put('../packages/store/src/state.ts', state())
    folder.put('../node_modules/.keep', '')
    symlinkSync('../packages/store', join(folder.path, '../node_modules/store'))
    folder.put('a.ts', room('store'))
    folder.put('b.ts', room('../packages/store/src/state.ts'))
    expect(await folder.run(SHARED('../packages/store/src/state.ts', state(2)))).toEqual(ONE)
  })

  it('by import() of a text, of a template, and of what is only known when it runs', async () => {
    folder.put('a.ts', "const { state } = await import('./store.ts')\nexport default { state }\n")
    folder.put('b.ts', 'const { state } = await import(`./store.ts`)\nexport default { state }\n')
    folder.put('store.ts', state())
    expect(await folder.run(SHARED('store.ts', state(2)))).toEqual(ONE)
    const template = '`./' + '$' + '{name}.ts`'
    folder.put('b.ts', `const name = 'store'\nconst { state } = await import(${template})\nexport default { state }\n`)
    expect((await folder.run(SHARED('store.ts', state(1))))[0]).toBe('true 2')
  })

  it('where files import each other in a circle', async () => {
    folder.put('a.ts', room('./one.ts'))
    folder.put('b.ts', room('./two.ts'))
    folder.put('one.ts', "import { name } from './two.ts'\nexport const state = { n: 1, name: () => name }\n")
    folder.put('two.ts', "import { state } from './one.ts'\nexport const name = 'two'\nexport { state }\n")
    const changed = "import { name } from './two.ts'\nexport const state = { n: 2, name: () => name }\n"
    expect(await folder.run(SHARED('one.ts', changed))).toEqual(ONE)
  })
})

describe('what did not change', () => {
  it('is not loaded again: a room that does not import the helper, a helper that only its importer changed under', async () => {
    folder.put('a.ts', room('./store.ts'))
    folder.put('b.ts', 'export default {}\n')
    folder.put('store.ts', `${state()}console.log('store is loaded')\n`)
    expect(
      await folder.run(`
        const [a, b] = await loadAll('a', 'b')
        put('a.ts', ${JSON.stringify(`${room('./store.ts')}// more\n`)})
        const [c, d] = await loadAll('a', 'b')
        console.log(a === c, b === d, a.state === c.state)`),
    ).toEqual(['store is loaded', 'false true true'])
  })

  it('a file of types alone, and what a comment or a text names, are no part of a room', async () => {
    folder.put(
      'a.ts',
      "import type { T } from './types.ts'\n// import './types.ts'\nexport default { text: \"import './types.ts'\" as T }\n",
    )
    folder.put('types.ts', 'export type T = string\n')
    expect(
      await folder.run(`
        const a = await load('a')
        put('types.ts', 'export type T = unknown')
        console.log(a === (await load('a')))`),
    ).toEqual(['true'])
  })
})

describe('a module that failed', () => {
  it('is tried anew at the next reading, and what had loaded is not', async () => {
    folder.put('a.ts', "import { state } from './store.ts'\nimport './fails.ts'\nexport default { state }\n")
    folder.put('b.ts', room('./store.ts'))
    folder.put('store.ts', state())
    folder.put('fails.ts', "if (!process.env.READY) throw new Error('not ready')\n")
    expect(
      await folder.run(`
        const [a, b] = await loadAll('a', 'b')
        console.log(a)
        process.env.READY = 'yes'
        const [c, d] = await loadAll('a', 'b')
        console.log(c.state === b.state, b === d)`),
    ).toEqual(['! the module cannot be loaded: not ready (fails.ts:1)', 'true true'])
  })

  it('and waits for ever is tried anew too', async () => {
    folder.put('a.ts', "if (!process.env.READY) await new Promise(() => {})\nexport default 'a'\n")
    expect(
      await folder.run(`
        console.log(await importModule(folder + '/a.ts', 20).catch(({ message }) => message))
        process.env.READY = 'yes'
        console.log(await load('a'))`),
    ).toEqual(['the module cannot be loaded: it is not there within 20 ms (a.ts)', 'a'])
  })
})
