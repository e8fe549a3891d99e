/** What a room module must export. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RoomsFolder } from '../support/rooms-folder.ts'

let folder: RoomsFolder
beforeEach(() => {
  folder = new RoomsFolder()
})
afterEach(() => folder.remove())

describe('a module', () => {
  it.each([
    ['{ open: 1 }', 'open: expected a function open(room, options) { … }, got 1'],
    ['{ open() {}, admit: true }', 'admit: expected a function admit(claims, place) { … }, got true'],
    ['{ open() {}, summary: 5 }', 'summary: expected a text, or one per language, got 5'],
    ['{ open() {}, options: { every: 1 } }', 'options: expected a zod 4 schema, got an object'],
    ['{ open() {}, receive: {} }', 'receive: a room has no such part; did you mean "receives"?'],
    [
      '{ open() {}, receives: { welcome: z.string() } }',
      'receives.welcome: expected another type; "welcome" is the server\'s own',
    ],
    ['{ open() {}, sends: { ack: z.string() } }', 'sends.ack: expected another type; "ack" is the server\'s own'],
    ['{ open() {}, sends: { said: "text" } }', 'sends.said: expected a zod 4 schema, got "text"'],
    ['{ open() {}, sends: z.object({}) }', 'sends: expected { type: a zod 4 schema, … }, got a schema'],
    [
      '{ open() {}, text: (text) => ({}) }',
      'text: expected "receives" beside it; without it, plain text already reaches message(peer, data)',
    ],
    ['{ open() {}, moves: 1 }', 'moves: expected true or false, got 1'],
    [
      '{ open() {}, sends: {}, moves: true }',
      'moves: expected it in a raw room only; the peers of an event room always stay when it moves',
    ],
  ])('that exports %s is refused', async (exported, mistake) => {
    const file = folder.put('bad.ts', `import { z } from 'zod'\nexport default ${exported}\n`)
    expect(await folder.mistakes({ rooms: { '/a': { module: 'bad' } } })).toEqual([
      `rooms./a.module: ${file}: ${mistake}`,
    ])
  })

  it.each([
    ...['welcome', 'ack', 'error', 'reset', 'redacted'],
    ...['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'],
  ])('that declares the reserved type %s is refused', async (type) => {
    const declared = `{ ${type}: z.any() }`
    const exported = `{ open() {}, receives: ${declared}, sends: ${declared} }`
    const file = folder.put('bad.ts', `import { z } from 'zod'\nexport default ${exported}\n`)
    const refused = (part: string) => `${part}.${type}: expected another type; "${type}" is the server's own`
    expect(await folder.mistakes({ rooms: { '/a': { module: 'bad' } } })).toEqual([
      `rooms./a.module: ${file}: ${refused('receives')}`,
      `rooms./a.module: ${file}: ${refused('sends')}`,
    ])
  })

  it('may have every part there is', async () => {
    const parts = "summary: 's', options: z.any(), receives: {}, sends: {}, text: () => 0, admit() {}, open: () => ({})"
    folder.put('good.ts', `import { z } from 'zod'\nexport default { ${parts} }\n`)
    expect((await folder.load({ rooms: { '/a': { module: 'good' } } })).mounts).toHaveLength(1)
  })

  it('whose check of its options throws is refused', async () => {
    folder.put(
      'bad.ts',
      "import { z } from 'zod'\nexport default { open() {}, options: z.any().transform(() => { throw new Error('no') }) }",
    )
    expect(await folder.mistakes({ rooms: { '/a': { module: 'bad' } } })).toEqual([
      "rooms./a.options: the module's check of its options threw: no",
    ])
  })
})
