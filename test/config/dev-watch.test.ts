/** `npm run dev` sees every file that a room consists of, wherever it lies and however it is imported, and no other. */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { type Client, connect } from '../support/client.ts'
import type { Process } from '../support/process.ts'
import { openProject } from '../support/project.ts'

const project = openProject()
const room = (imports: string) => `import { defineRoom } from 'corridor'
${imports}
export default defineRoom({ open: () => ({ message: (peer) => peer.send(String(word)) }) })
`
const word = (text: string) => `export const word: string = '${text}'\n`

function put(name: string, content: string): void {
  mkdirSync(dirname(join(project.path, name)), { recursive: true })
  project.put(name, content)
}

beforeEach(() => {
  put('rooms/other.ts', room("const word = 'other'"))
  project.putRooms({ '/one': { module: 'one' }, '/other': { module: 'other' } })
})

async function says(client: Client): Promise<string> {
  client.sendText('?')
  return client.nextText()
}

/** The room as it is now, and once more when `change` has come through; the other room goes on. */
async function restartsBy(change: () => void, before: string, after: string): Promise<Process> {
  const server = project.start({}, '--dev')
  const ws = (await server.url()).replace(/^http/, 'ws')
  const [one, other] = await Promise.all([connect(`${ws}/one`), connect(`${ws}/other`)])
  expect(await says(one)).toBe(before)
  change()
  expect((await one.closed).code).toBe(1012)
  expect(await says(await connect(`${ws}/one`))).toBe(after)
  expect(await says(other)).toBe('other')
  return server
}

it.each([
  ['a helper beside the folder', "import { word } from '../shared/word.ts'", 'shared/word.ts', {}],
  [
    'an alias of package.json',
    "import { word } from '#words'",
    'lib/deep/words.ts',
    { 'package.json': '{ "type": "module", "imports": { "#words": "./lib/deep/words.ts" } }' },
  ],
  [
    'a helper of a helper elsewhere',
    "import { word } from '../shared/more.ts'",
    'far/away/word.ts',
    { 'shared/more.ts': "export { word } from '../far/away/word.ts'\n" },
  ],
])('%s', async (_, imports, file, more) => {
  for (const [name, text] of Object.entries(more)) put(name, text)
  put(file, word('before'))
  put('rooms/one.ts', room(imports))
  await restartsBy(() => put(file, word('after')), 'before', 'after')
})

it('a workspace package', async () => {
  put('packages/words/package.json', '{ "name": "words", "type": "module", "exports": "./src/index.ts" }')
  put('packages/words/src/index.ts', word('before'))
  mkdirSync(join(project.path, 'node_modules'))
  symlinkSync('../packages/words', join(project.path, 'node_modules/words'))
  put('rooms/one.ts', room("import { word } from 'words'"))
  await restartsBy(() => put('packages/words/src/index.ts', word('after')), 'before', 'after')
})

it('a file of JSON, and one that is required', async () => {
  put('data/words.json', '{ "word": "before" }')
  put('data/words.cjs', "exports.word = require('./words.json').word\n")
  put('rooms/one.ts', room("import words from '../data/words.cjs'\nconst { word } = words"))
  await restartsBy(() => put('data/words.json', '{ "word": "after" }'), 'before', 'after')
})

it.each([
  ['relative', "import { word } from '../later/word.ts'"],
  ['an alias', "import { word } from '#later'"],
])('a helper that appears later (%s): the room goes on as it was, and begins anew with it', async (_, imports) => {
  put('package.json', '{ "type": "module", "imports": { "#later": "./later/word.ts" } }')
  put('rooms/one.ts', room("const word = 'before'"))
  const server = project.start({}, '--dev')
  const ws = (await server.url()).replace(/^http/, 'ws')
  const one = await connect(`${ws}/one`)
  put('rooms/one.ts', room(imports))
  await server.text(/the rooms stay as they were/)
  expect(await says(one)).toBe('before')
  put('later/word.ts', word('later'))
  expect((await one.closed).code).toBe(1012)
  expect(await says(await connect(`${ws}/one`))).toBe('later')
})

it('a module elsewhere that appears later', async () => {
  put('rooms/one.ts', room("const word = 'one'"))
  const server = project.start({}, '--dev')
  const ws = (await server.url()).replace(/^http/, 'ws')
  project.putRooms({ '/one': { module: 'one' }, '/new': { module: '../games/new' } })
  await server.text(/the rooms stay as they were/)
  put('games/new.ts', room("const word = 'new'"))
  await server.text(/"\/new opens"/)
  expect(await says(await connect(`${ws}/new`))).toBe('new')
})

it('a folder that was removed and made anew', async () => {
  put('shared/word.ts', word('before'))
  put('rooms/one.ts', room("import { word } from '../shared/word.ts'"))
  const server = await restartsBy(() => put('shared/word.ts', word('after')), 'before', 'after')
  rmSync(join(project.path, 'shared'), { recursive: true })
  await server.text(/the rooms stay as they were/)
  put('shared/word.ts', word('again'))
  await server.text(/"\/one restarts"/)
})
