/** What the steps of a room do to its storage: kept over a restart, or undone; and storage of raw and closed rooms. */
import { binary, defineRoom, RoomError } from 'corridor'
import { openRoom } from 'corridor/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

describe('a step', () => {
  const bank = defineRoom({
    stores: { 'account/': z.int() },
    receives: { move: z.object({ from: z.string(), to: z.string(), amount: z.int(), how: z.string().optional() }) },
    sends: { moved: z.object({ from: z.string(), to: z.string(), amount: z.int() }) },
    open(room) {
      const { storage } = room
      const add = (name: string, amount: number) =>
        storage.set(`account/${name}`, (storage.get(`account/${name}`) ?? 0) + amount)
      return {
        receive: {
          move(_, { how, ...moved }) {
            add(moved.from, -moved.amount)
            if (how === 'throw') throw new RoomError('no', 'not today')
            add(moved.to, moved.amount)
            void room.publish('moved', moved)
            if (how === 'late') throw new Error('a bug')
            if (how === 'async')
              return Promise.resolve().then(() => {
                add(moved.to, 1000)
                throw new RoomError('no', 'not today')
              })
          },
        },
      }
    },
  })

  it('is kept over a restart, with what it published', async () => {
    const room = await openRoom(bank, undefined, { storage: { 'account/a': 10 } })
    const ann = room.join({ name: 'ann', client: 'ann' })
    await ann.send('move', { from: 'a', to: 'b', amount: 3 })
    await room.restart()
    expect(room.storage.entries()).toEqual([
      ['account/a', 7],
      ['account/b', 3],
    ])
    expect(await room.history()).toMatchObject([{ type: 'moved', data: { amount: 3 } }])
    ann.rejoin()
    await ann.send('move', { from: 'a', to: 'b', amount: 1 })
    expect(room.storage.get('account/b')).toBe(4)
  })

  it.each(['throw', 'late'])('that throws (%s) did nothing', async (how) => {
    const room = await openRoom(bank, undefined, { storage: { 'account/a': 10 } })
    const ann = room.join()
    await expect(ann.send('move', { from: 'a', to: 'b', amount: 3, how })).rejects.toThrow()
    const kept = [['account/a', 10]]
    expect([room.storage.entries(), room.storage.bytes]).toEqual([kept, 'account/a10'.length])
    expect(await room.history()).toEqual([])
    await room.restart()
    expect(room.storage.entries()).toEqual(kept)
  })

  it('after an await that throws undoes itself alone', async () => {
    const room = await openRoom(bank, undefined, { storage: { 'account/a': 10 } })
    const ann = room.join()
    const move = { from: 'a', to: 'b', amount: 3, how: 'async' }
    await expect(ann.send('move', move, { id: '1' })).rejects.toMatchObject({ code: 'no' })
    await expect(ann.send('move', move, { id: '1' })).rejects.toMatchObject({ code: 'no' })
    expect(room.storage.get('account/b')).toBe(3)
    expect(await room.history()).toHaveLength(1)
  })
})

describe('after the room has closed', () => {
  it('all of it throws unavailable', async () => {
    const room = await openRoom(defineRoom({ stores: { title: z.string() }, open: () => ({}) }))
    const { storage } = room
    await room.close()
    const unavailable = expect.objectContaining({ code: 'unavailable' })
    expect(() => storage.get('title')).toThrow(unavailable)
    expect(() => storage.set('title', 'x')).toThrow(unavailable)
    expect(() => storage.delete('title')).toThrow(unavailable)
    expect(() => storage.entries()).toThrow(unavailable)
    expect(() => storage.clear()).toThrow(unavailable)
    expect(() => storage.size).toThrow(unavailable)
    expect(() => storage.bytes).toThrow(unavailable)
  })
})

describe('a raw room', () => {
  it('stores too', async () => {
    const room = await openRoom(
      defineRoom({
        stores: { doc: binary },
        open: (room) => ({
          message(_, data) {
            if (typeof data !== 'string') room.storage.set('doc', data)
          },
        }),
      }),
    )
    room.join().send(Uint8Array.of(1, 2))
    await room.restart()
    expect(room.storage.get('doc')).toEqual(Uint8Array.of(1, 2))
  })
})
