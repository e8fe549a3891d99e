/** Parts of `options` and other settings that would have no effect are reported as mistakes, each with its place. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RoomsFolder } from '../support/rooms-folder.ts'

let folder: RoomsFolder
beforeEach(() => {
  folder = new RoomsFolder()
})
afterEach(() => folder.remove())

describe('options that the module does not know', () => {
  const schema = (text: string) =>
    folder.put('m.ts', `import { z } from 'zod'\nexport default { options: ${text}, open: () => ({}) }\n`)
  const mistakes = (options: unknown) => folder.mistakes({ rooms: { '/a': { module: 'm', options } } })

  it.each([
    ['z.object({ label: z.string().optional() })', { labl: 'x' }, 'labl: no such key; did you mean "label"?'],
    ['z.object({})', { label: 'x' }, 'label: no such key; expected none'],
    ['z.strictObject({ label: z.string().optional() })', { labl: 1 }, 'labl: no such key; did you mean "label"?'],
    [
      'z.object({ a: z.object({ deep: z.int() }).optional() })',
      { a: { deep: 1, dep: 2 } },
      'a.dep: no such key; did you mean "deep"?',
    ],
    [
      'z.object({ a: z.object({ n: z.int().default(1) }).prefault({}) })',
      { a: { other: 2 } },
      'a.other: no such key; expected one of n',
    ],
    [
      'z.object({ a: z.array(z.object({ n: z.int() })) })',
      { a: [{ n: 1 }, { n: 1, extra: 2 }] },
      'a.1.extra: no such key; expected one of n',
    ],
    [
      'z.object({ a: z.tuple([z.object({ n: z.int() })]) })',
      { a: [{ n: 1, extra: 2 }] },
      'a.0.extra: no such key; expected one of n',
    ],
    [
      'z.object({ a: z.record(z.string(), z.object({ n: z.int() })) })',
      { a: { k: { n: 1, extra: 2 } } },
      'a.k.extra: no such key; expected one of n',
    ],
    [
      'z.object({ n: z.int().optional() }).refine(() => true).transform((all) => all)',
      { extra: 1 },
      'extra: no such key; expected one of n',
    ],
    [
      'z.object({ n: z.int().optional() }).default({}).readonly()',
      { extra: 1 },
      'extra: no such key; expected one of n',
    ],
    [
      'z.discriminatedUnion("kind", [z.object({ kind: z.literal("a"), n: z.int() }), z.object({ kind: z.literal("b") })])',
      { kind: 'b', extra: 1 },
      'extra: no such key; expected one of kind',
    ],
    [
      'z.object({ n: z.int() }).and(z.object({ m: z.int() }))',
      { n: 1, m: 2, extra: 3 },
      'extra: no such key; expected one of n, m',
    ],
    [
      'z.object({ a: z.lazy(() => z.object({ n: z.int() })) })',
      { a: { n: 1, extra: 1 } },
      'a.extra: no such key; expected one of n',
    ],
  ])('are mistakes: %s', async (text, options, mistake) => {
    schema(text)
    const [line, ...more] = await mistakes(options)
    expect([line, more]).toEqual([`rooms./a.options.${mistake}`, []])
  })

  it.each([
    ['z.looseObject({ label: z.string() })', { label: 'x', more: 1 }],
    ['z.object({}).catchall(z.int())', { more: 1 }],
    ['z.object({}).loose()', { more: 1 }],
    ['z.record(z.string(), z.unknown())', { more: 1 }],
    ['z.object({ any: z.any(), all: z.unknown() })', { any: { x: 1 }, all: { y: 1 } }],
    ['z.union([z.object({ a: z.int() }), z.object({ a: z.int(), b: z.int() })])', { a: 1, b: 2 }],
    ['z.preprocess((all) => ({ n: all.x }), z.object({ n: z.int() }))', { x: 1 }],
  ])('are taken where its schema takes them: %s', async (text, options) => {
    schema(text)
    expect((await folder.load({ rooms: { '/a': { module: 'm', options } } })).mounts).toHaveLength(1)
  })

  it('may stand in `defaults` for another module, and are a mistake there where none takes them', async () => {
    schema('z.object({ size: z.int().default(1) })')
    const rooms = { '/a': { module: 'm' }, '/b': { module: 'event' }, '/c': { module: 'raw' } }
    const { mounts } = await folder.load({ defaults: { options: { size: 2, label: 'x' } }, rooms })
    expect(mounts.map(({ options }) => options)).toEqual([{ size: 2 }, { every: 5000, label: 'x' }, undefined])
    expect(await folder.mistakes({ defaults: { options: { size: 2, colour: 'red' } }, rooms })).toEqual([
      'defaults.options.colour: no such key; expected one that a module of these rooms takes',
    ])
    expect(await folder.mistakes({ defaults: { options: { size: 2 } }, rooms: { '/c': { module: 'raw' } } })).toEqual([
      'defaults.options: expected none, no module of these rooms takes options; remove them',
    ])
  })
})

describe('settings that can have no effect are mistakes where they stand', () => {
  it('a bound on what there is only one of', async () => {
    const rooms = { '/a': { module: 'event', instances: 5 }, '/r/:name': { module: 'event', instances: 5 } }
    expect(await folder.mistakes({ rooms })).toEqual([
      'rooms./a.instances: expected only at a path with parameters, such as "/r/:name"; this path is one room, remove it',
    ])
  })

  it('a bound above another one is none: the lower of the two holds', async () => {
    const history = { keep: 5, replay: 6 }
    const limits = { batch: 100, rate: { burst: 5 } }
    const { mounts } = await folder.load({ defaults: { history }, rooms: { '/a': { module: 'event', limits } } })
    expect(mounts[0]).toMatchObject({ history, limits })
  })
})
