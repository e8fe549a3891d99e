/** Steps in `corridor/testing`, in rooms of both kinds: as on a server. */
import { defineRoom, RoomError } from 'corridor'
import { openRoom } from 'corridor/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'

const events = defineRoom({
  receives: { mix: z.null(), fail: z.null(), half: z.null(), other: z.null() },
  sends: { said: z.string(), sent: z.string() },
  stores: { sum: z.int().default(0) },
  open: (room) => ({
    receive: {
      mix(peer) {
        room.storage.set('sum', 1)
        void room.publish('said', '1')
        peer.send('sent', '2')
        room.broadcast('said', '3')
      },
      fail(peer) {
        room.storage.set('sum', 100)
        room.alarms.set('never', 0)
        void room.publish('said', 'never')
        peer.send('sent', 'never')
        peer.close()
        throw new RoomError('no', 'planned')
      },
      async half() {
        room.storage.set('sum', 2)
        await undefined
        room.storage.set('sum', 3)
        throw new RoomError('no', 'planned')
      },
      other: () => room.send('/other', 'hello', null).then(() => {}),
    },
    alarm() {},
  }),
})

it('what a room says arrives in the order in which it says it', async () => {
  const room = await openRoom(events)
  const ann = room.join()
  const heard: unknown[] = []
  await ann.send('mix', null)
  for (const type of ['said', 'sent', 'said'] as const) heard.push((await ann.next(type)).data)
  expect(heard).toEqual(['1', '2', '3'])
})

it('a step that throws did nothing', async () => {
  const room = await openRoom(events)
  const ann = room.join()
  await expect(ann.send('fail', null, { id: 'a' })).rejects.toMatchObject({ code: 'no' })
  expect([room.storage.get('sum'), room.alarms.entries(), await room.history(), room.members().length]).toEqual([
    0,
    [],
    [],
    1,
  ])
  await ann.send('mix', null)
  expect(await ann.next('sent')).toMatchObject({ data: '2' })
  expect(await room.history()).toMatchObject([{ seq: 1, data: '1' }])
})

it('what earlier steps did stays, over a restart too, and so does the error', async () => {
  const room = await openRoom(events)
  const ann = room.join({ client: 'ann' })
  await expect(ann.send('half', null, { id: 'a' })).rejects.toMatchObject({ code: 'no' })
  await room.restart()
  expect(room.storage.get('sum')).toBe(2)
  ann.rejoin()
  await expect(ann.send('half', null, { id: 'a' })).rejects.toMatchObject({ code: 'no' })
  expect(room.storage.get('sum')).toBe(2)
})

it('there is no other room', async () => {
  const room = await openRoom(events)
  await expect(room.join().send('other', null)).rejects.toMatchObject({ code: 'not_found' })
})

it('a raw room has steps too', async () => {
  const raw = defineRoom({
    stores: { last: z.string().default('') },
    open: (room) => ({
      message(peer, data) {
        room.storage.set('last', String(data))
        peer.send(`got ${data}`)
        room.broadcast(`all ${data}`)
        if (data === 'fail') throw new Error('planned')
      },
    }),
  })
  const room = await openRoom(raw)
  const ann = room.join()
  ann.send('fail')
  ann.send('ok')
  expect([await ann.next(), await ann.next()]).toEqual(['got ok', 'all ok'])
  expect(room.storage.get('last')).toBe('ok')
  ann.send('fail')
  expect(room.storage.get('last')).toBe('ok')
  expect(room.errors).toHaveLength(2)
})
