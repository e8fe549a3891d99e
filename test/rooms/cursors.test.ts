/** The cursors that ship: who points is seen by the others and by newcomers, and nothing of it is kept. */
import { openRoom } from 'corridor/testing'
import { expect, it } from 'vitest'
import cursors from '../../rooms/cursors.ts'
import { startServer } from '../support/server.ts'

it('the others see each move, a newcomer the last of each, and a leave removes one', async () => {
  const room = await openRoom(cursors)
  const ann = room.join({ name: 'ann' })
  const bob = room.join({ name: 'bob' })
  await ann.send('move', { x: 0.1, y: 0.2 })
  await ann.send('move', { x: 0.5, y: 1 })
  await bob.next('moved')
  const moved = (await bob.next('moved')).data
  expect(moved).toEqual({ id: expect.any(String), name: 'ann', x: 0.5, y: 1 })

  const carol = room.join({ name: 'carol', client: 'c' })
  expect((await carol.next('cursors')).data).toEqual({ cursors: [moved] })
  await bob.send('move', { x: 1, y: 1 })
  expect((await ann.next('moved')).data).toMatchObject({ name: 'bob' })
  bob.leave()
  expect((await ann.next('gone')).data).toEqual({ id: expect.any(String) })
  carol.drop()
  ann.leave()
  carol.rejoin()
  expect((await carol.next('cursors')).data).toEqual({ cursors: [] })
  await expect(carol.send('move', { x: 1.1, y: 0 })).rejects.toMatchObject({ code: 'invalid' })
  await room.close()
})

it('keeps nothing: neither events nor storage, and after a restart nobody points', async () => {
  const room = await openRoom(cursors)
  await room.join({ name: 'ann' }).send('move', { x: 0, y: 0 })
  expect(await room.history()).toEqual([])
  expect(room.storage.size).toBe(0)
  await room.restart()
  expect((await room.join().next('cursors')).data).toEqual({ cursors: [] })
  await room.close()
})

it('over a real server: a move over the rate is answered with an error and not sent on', async () => {
  const limits = { rate: { perSecond: 1, burst: 2 } }
  const server = await startServer({ rooms: { '/cursors': { module: 'cursors', limits } } })
  const ann = await server.connect('/cursors', { name: 'ann' })
  const bob = await server.connect('/cursors', { name: 'bob' })
  for (const x of [0.1, 0.2, 0.3]) ann.send('move', { x, y: 0 })
  expect((await ann.next('error')).data).toMatchObject({ code: 'rate_limited' })
  expect((await bob.next('moved')).data).toMatchObject({ x: 0.1 })
  expect((await bob.next('moved')).data).toMatchObject({ x: 0.2 })
  bob.send('move', { x: 0.9, y: 0 })
  expect((await ann.next('moved')).data).toMatchObject({ name: 'bob' })
  await server.close()
})
