/** What a room's author takes back: `room.redact` and `room.clearHistory`, in steps like everything else. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../src/define.ts'
import { openRoom } from '../../src/testing.ts'

const memo = defineRoom({
  receives: {
    note: z.string(),
    redact: z.int(),
    redactAndFail: z.int(),
    clear: z.string(),
    clearAndFail: z.null(),
    list: z.null(),
  },
  sends: { noted: z.string(), listed: z.array(z.tuple([z.int(), z.string(), z.unknown()])) },
  stores: { count: z.int().default(0) },
  open: (room) => ({
    receive: {
      note(_, text) {
        room.storage.set('count', room.storage.get('count') + 1)
        return room.publish('noted', text)
      },
      redact: (_, seq) => room.redact(seq),
      redactAndFail(_, seq) {
        void room.redact(seq)
        throw new RoomError('no', 'not after all')
      },
      async clear(_, last) {
        void room.publish('noted', last)
        await room.clearHistory()
      },
      clearAndFail() {
        void room.clearHistory()
        throw new RoomError('no', 'not after all')
      },
      async list(peer) {
        const events = await room.history()
        peer.send(
          'listed',
          events.map(({ seq, type, data }) => [seq, type, data]),
        )
      },
    },
  }),
})

async function open() {
  const room = await openRoom(memo)
  const ann = room.join({ name: 'Ann' })
  for (const text of ['a', 'b', 'c']) await ann.send('note', text)
  for (let left = 3; left > 0; left -= 1) await ann.next('noted')
  const list = async () => {
    await ann.send('list', null)
    return (await ann.next('listed')).data
  }
  return { room, ann, list }
}

describe('room.redact', () => {
  it('erases an event in its place, and says so at the end of the log', async () => {
    const { room, ann, list } = await open()
    expect(await ann.send('redact', 2)).toMatchObject({ seq: 4 })
    const expected = [
      [1, 'noted', 'a'],
      [2, 'redacted', { seq: 2 }],
      [3, 'noted', 'c'],
      [4, 'redacted', { seq: 2 }],
    ]
    expect(await list()).toEqual(expected)
    await room.close()
  })

  it('is `gone` for what is not kept, and does nothing in a step that throws', async () => {
    const { room, ann, list } = await open()
    for (const seq of [0, -1, 4, 1e9]) await expect(ann.send('redact', seq)).rejects.toMatchObject({ code: 'gone' })
    await expect(ann.send('redactAndFail', 2)).rejects.toMatchObject({ code: 'no' })
    expect((await list()).map(([, type]) => type)).toEqual(['noted', 'noted', 'noted'])
    await room.close()
  })
})

describe('room.clearHistory', () => {
  it('forgets what was before; everyone hears a reset; storage and numbers go on', async () => {
    const { room, ann, list } = await open()
    await ann.send('clear', 'last')
    expect(await list()).toEqual([[4, 'noted', 'last']])
    expect(room.storage.get('count')).toBe(3)
    expect(await ann.send('note', 'd')).toMatchObject({ seq: 5 })
    await expect(ann.send('redact', 3)).rejects.toMatchObject({ code: 'gone' })
    await room.close()
  })

  it('does nothing in a step that throws', async () => {
    const { room, ann, list } = await open()
    await expect(ann.send('clearAndFail', null)).rejects.toMatchObject({ code: 'no' })
    expect(await list()).toHaveLength(3)
    await room.close()
  })
})
