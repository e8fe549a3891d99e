/** Values of a storage that a room might change by mistake, and what it is told of those that cannot be kept. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { binary, defineRoom } from '../../src/define.ts'
import { openRoom } from '../../src/testing.ts'

const shelf = defineRoom({
  stores: {
    page: binary.default(new Uint8Array([1, 2])),
    since: z.coerce.date().default(new Date(5)),
    'note/': z.unknown(),
  },
  receives: {},
  sends: {},
  open: () => ({}),
})

it('a default of bytes, or another that cannot be frozen, is a copy each time', async () => {
  const { storage } = await openRoom(shelf)
  storage.get('page')[0] = 9
  storage.get('since').setTime(9)
  expect([storage.get('page'), storage.get('since')]).toEqual([new Uint8Array([1, 2]), new Date(5)])
})

it('a value that cannot be kept is refused with its key', async () => {
  const { storage } = await openRoom(shelf)
  const circle: unknown[] = []
  circle.push(circle)
  const refusals = [undefined, () => 1, 5n, circle].map((value) => {
    try {
      return storage.set('note/1', value)
    } catch (error) {
      return error
    }
  })
  for (const error of refusals) {
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain('storage.note/1: expected JSON or bytes, got')
  }
  expect(storage.size).toBe(0)
})

it('a family alone is no key, and is told so', async () => {
  const { storage } = await openRoom(shelf)
  const message = 'storage.get: "stores" has no key "note/"; a key is longer than its family'
  expect(() => storage.get('note/')).toThrow(message)
})

it('names that cover one key are a mistake in a test of the room, too', async () => {
  const overlapping = defineRoom({ stores: { 'a/': z.string(), 'a/b': z.string() }, open: () => ({}) })
  await expect(openRoom(overlapping)).rejects.toThrow('stores.a/b: expected one name for each key, and "a/" covers it')
})
