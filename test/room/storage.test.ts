/** `room.storage` as a room's author has it, in the test kit: schemas, limits, what is kept and what is undone. */
import { binary, defineRoom, RoomError } from 'corridor'
import { openRoom } from 'corridor/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const STORES = {
  title: z.string().max(20),
  votes: z.record(z.string(), z.int()).default({}),
  'stroke/': z.object({ by: z.string(), points: z.array(z.number()) }),
  'page/': binary,
  length: z.string().transform((text) => text.length),
  when: z.iso.datetime().transform((text) => new Date(text)),
  seen: z.preprocess((value) => value ?? 'never', z.string()),
}

/** A room in which the test does everything itself. */
const plain = defineRoom({ stores: STORES, receives: {}, sends: {}, open: () => ({}) })
const opened = async (settings = {}) => (await openRoom(plain, undefined, settings)).storage

describe('a value', () => {
  it('is what was set, and nothing or its default before and after', async () => {
    const storage = await opened()
    expect([storage.get('title'), storage.get('votes'), storage.get('seen')]).toEqual([undefined, {}, 'never'])
    storage.set('title', 'tea')
    storage.set('votes', { ann: 1 })
    expect([storage.get('title'), storage.get('votes')]).toEqual(['tea', { ann: 1 }])
    expect([storage.delete('title'), storage.delete('title'), storage.get('title')]).toEqual([true, false, undefined])
  })

  it('is kept as given at that moment, and got as its schema makes it', async () => {
    const storage = await opened()
    const stroke = { by: 'ann', points: [1, 2], color: 'red' }
    storage.set('stroke/1', stroke)
    stroke.points.push(3)
    expect(storage.get('stroke/1')).toEqual({ by: 'ann', points: [1, 2] })
    storage.set('length', 'four')
    expect(storage.get('length')).toBe(4)
  })

  it('is frozen, whole: also a default', async () => {
    const storage = await opened()
    storage.set('stroke/1', { by: 'ann', points: [1] })
    const stroke = storage.get('stroke/1')
    expect(() => Object.assign(stroke ?? {}, { by: 'bob' })).toThrow(TypeError)
    expect(() => Array.prototype.push.call(stroke?.points, 2)).toThrow(TypeError)
    expect(() => Object.assign(storage.get('votes'), { ann: 1 })).toThrow(TypeError)
    const [entry] = storage.entries('stroke/')
    expect(() => Object.assign(entry?.[1] ?? {}, { by: 'bob' })).toThrow(TypeError)
  })

  it('that can be changed although it is frozen is made anew each time', async () => {
    const storage = await opened()
    storage.set('when', '2026-01-01T00:00:00Z')
    const when = storage.get('when')
    when?.setFullYear(2000)
    expect(storage.get('when')?.getUTCFullYear()).toBe(2026)
  })

  it('of bytes is copied both ways, of whatever buffer', async () => {
    const storage = await opened()
    const given = Buffer.from([1, 2, 3])
    storage.set('page/1', given)
    given[0] = 9
    const got = storage.get('page/1')
    expect(got).toEqual(Uint8Array.of(1, 2, 3))
    got?.fill(0)
    expect(storage.get('page/1')).toEqual(Uint8Array.of(1, 2, 3))
    storage.set('page/2', new Uint8Array(new SharedArrayBuffer(2)))
    expect(storage.entries('page/').map(([key, value]) => [key, value.length])).toEqual([
      ['page/1', 3],
      ['page/2', 2],
    ])
  })

  it('that its schema refuses, that is no JSON, or that changes on its way to JSON and back, throws and changes nothing', async () => {
    const storage = await opened()
    storage.set('title', 'tea')
    expect(() => storage.set('title', 'x'.repeat(21))).toThrow(/^storage\.title: .*20/)
    expect(() => storage.set('title', 5 as never)).toThrow('storage.title: expected string, got 5')
    expect(() => storage.set('title', undefined as never)).toThrow('expected JSON or bytes, got nothing')
    expect(() => storage.set('votes', { ann: Number.NaN })).toThrow(TypeError)
    expect(() => storage.set('page/1', [1] as never)).toThrow('expected a Uint8Array')
    expect(() => storage.set('votes', { ann: 1n } as never)).toThrow(TypeError)
    expect(storage.entries()).toEqual([['title', 'tea']])
  })
})

describe('a key', () => {
  it('is a name of "stores", or longer than a family and begins with it', async () => {
    const storage = await opened()
    const never = (key: string) => () => storage.get(key as 'title')
    expect(never('titel')).toThrow('"stores" has no key "titel"; did you mean "title"?')
    expect(never('stroke/')).toThrow('has no key "stroke/"')
    expect(never('__proto__')).toThrow(TypeError)
    expect(() => storage.set('constructor' as 'title', 'x')).toThrow(TypeError)
    expect(() => storage.get(5 as never)).toThrow('expected a key as text, got 5')
    expect(() => storage.entries('title' as 'stroke/')).toThrow('expected the name of a family')
    expect(() => storage.clear('' as 'stroke/')).toThrow('expected the name of a family')
  })

  it('has at most 256 characters, whole ones', async () => {
    const storage = await opened()
    const of = (length: number) => `page/${'x'.repeat(length - 5)}` as const
    storage.set(of(256), new Uint8Array())
    expect(() => storage.set(of(257), new Uint8Array())).toThrow('at most 256')
    expect(() => storage.set('page/\ud800', new Uint8Array())).toThrow('whole characters')
    storage.set('page/\u0000 ✓ 𝒳', Uint8Array.of(1))
    expect(storage.size).toBe(2)
  })
})

describe('entries', () => {
  it('are sorted by key as text, and an array of their own: the storage may change while it is walked', async () => {
    const storage = await opened()
    for (const n of [10, 9, 1]) storage.set(`stroke/${n}`, { by: 'ann', points: [n] })
    storage.set('title', 'tea')
    storage.set('page/1', new Uint8Array())
    expect(storage.entries().map(([key]) => key)).toEqual(['page/1', 'stroke/1', 'stroke/10', 'stroke/9', 'title'])
    for (const [key] of storage.entries('stroke/')) {
      storage.delete(key)
      storage.set(`stroke/${key}`, { by: 'bob', points: [] })
    }
    expect(storage.entries('stroke/stroke/1').map(([key]) => key)).toEqual(['stroke/stroke/1', 'stroke/stroke/10'])
  })

  it('are cleared, all or those of a prefix', async () => {
    const storage = await opened()
    for (const n of [1, 2, 22]) storage.set(`stroke/${n}`, { by: 'ann', points: [] })
    storage.set('title', 'tea')
    storage.clear('stroke/2')
    expect(storage.entries().map(([key]) => key)).toEqual(['stroke/1', 'title'])
    storage.clear()
    expect([storage.size, storage.bytes]).toEqual([0, 0])
  })
})

describe('limits.storage', () => {
  it('counts keys, values as JSON, and bytes as they are', async () => {
    const storage = await opened()
    storage.set('title', 'tée')
    storage.set('page/1', new Uint8Array(100))
    expect([storage.size, storage.bytes]).toEqual([2, 5 + 6 + 6 + 100])
    storage.set('title', 'x')
    expect(storage.bytes).toBe(5 + 3 + 6 + 100)
    storage.delete('page/1')
    expect(storage.bytes).toBe(8)
  })

  it('refuses with storage_full what is beyond it, and changes nothing', async () => {
    const storage = await opened({ limits: { storage: '106B' } })
    storage.set('page/1', new Uint8Array(100))
    const full = () => storage.set('page/2', new Uint8Array())
    expect(full).toThrow(RoomError)
    expect(full).toThrow(expect.objectContaining({ code: 'storage_full' }))
    expect(() => storage.set('page/1', new Uint8Array(101))).toThrow('limits.storage')
    expect([storage.size, storage.bytes]).toEqual([1, 106])
    storage.set('page/1', new Uint8Array(99))
  })

  it('may be lowered: what is stored stays, and may shrink', async () => {
    const storage = await opened({ limits: { storage: 50 }, storage: { 'page/1': new Uint8Array(100) } })
    storage.set('page/1', new Uint8Array(90))
    expect(() => storage.set('page/1', new Uint8Array(91))).toThrow('limits.storage')
    expect(() => storage.set('title', '')).toThrow('limits.storage')
  })
})

describe('at opening', () => {
  it('every stored value goes through its schema of today', async () => {
    const room = await openRoom(
      defineRoom({
        stores: {
          size: z.preprocess((old) => (typeof old === 'number' ? { width: old } : old), z.object({ width: z.int() })),
          'player/': z.object({ name: z.string(), points: z.int().default(0) }),
        },
        open: () => ({}),
      }),
      undefined,
      { storage: { size: 3, 'player/1': { name: 'ann' } } },
    )
    expect(room.storage.get('size')).toEqual({ width: 3 })
    expect(room.storage.entries('player/')).toEqual([['player/1', { name: 'ann', points: 0 }]])
  })

  it('one that fits no more stops it, with key and issue', async () => {
    const wrong = openRoom(plain, undefined, { storage: { 'stroke/7': { by: 'ann', points: ['x'] } } })
    await expect(wrong).rejects.toThrow('storage.stroke/7.points.0: expected number, got "x"')
    await expect(openRoom(plain, undefined, { storage: { title: new Uint8Array(1) } })).rejects.toThrow('storage.title')
  })

  it('a schema that is async, or throws, is named', async () => {
    const late = defineRoom({ stores: { title: z.string().refine(async () => true) }, open: () => ({}) })
    const { storage } = await openRoom(late)
    expect(() => storage.set('title', 'x')).toThrow('storage.title: expected a schema that is synchronous')
    await expect(openRoom(late, undefined, { storage: { title: 'x' } })).rejects.toThrow('synchronous')
  })

  it('much of it is read in many turns, between which others have theirs', async () => {
    let turns = 0
    let isOpen = false
    const turn = () => {
      turns += 1
      if (!isOpen) setImmediate(turn)
    }
    const text = 'x'.repeat(1000)
    const strokes = Array.from({ length: 1000 }, (_, n) => [`stroke/${n}`, { by: text, points: [] }])
    const opening = openRoom(plain, undefined, { storage: Object.fromEntries(strokes) })
    setImmediate(turn)
    const room = await opening
    isOpen = true
    expect([room.storage.size, turns > 8]).toEqual([1000, true])
  })

  it('keys that no name covers stay as they are, unseen', async () => {
    const room = await openRoom(plain, undefined, { storage: { old: 1, title: 'tea', 'stroke/': 2 } })
    expect(room.storage.entries()).toEqual([['title', 'tea']])
    room.storage.clear()
    await room.restart()
    expect([room.storage.size, room.storage.bytes]).toEqual([0, 0])
  })
})
