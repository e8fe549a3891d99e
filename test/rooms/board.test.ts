/** The board that ships: strokes reach everyone and newcomers, are bounded, undone and cleared, and survive a restart. */
import { openRoom } from 'corridor/testing'
import { expect, it } from 'vitest'
import board from '../../rooms/board.ts'
import { twoLives } from '../support/two-lives.ts'

type Point = [number, number]
const line = (...points: Point[]) => ({ color: '#1e90ff', width: 20, points })

it('everyone gets each stroke, a newcomer all of them in order, and undo and clear remove them for all', async () => {
  const room = await openRoom(board)
  const ann = room.join({ name: 'ann' })
  const bob = room.join({ name: 'bob' })
  expect((await bob.next('strokes')).data).toEqual({ strokes: [] })
  await ann.send('draw', line([0, 0], [100, 50]))
  await bob.send('draw', line([1, 1]))
  await ann.send('draw', line([9999, 10_000]))
  const drawn = [await bob.next('stroke'), await bob.next('stroke'), await bob.next('stroke')].map(({ data }) => data)
  expect(drawn.map(({ by }) => by)).toEqual([ann.id, bob.id, ann.id])
  expect(drawn[0]).toEqual({ ...line([0, 0], [100, 50]), by: ann.id, id: expect.any(String) })

  await bob.send('undo', {})
  expect((await ann.next('undone')).data).toEqual({ id: drawn[1]?.id })
  await expect(bob.send('undo', {})).rejects.toMatchObject({ code: 'nothing_to_undo' })
  await room.restart()
  const carol = room.join({ name: 'carol' })
  expect((await carol.next('strokes')).data).toEqual({ strokes: [drawn[0], drawn[2]] })

  await carol.send('draw', line([5, 5]))
  const { id } = (await carol.next('stroke')).data
  expect(id > (drawn[2]?.id ?? '')).toBe(true)
  await carol.send('clear', {})
  expect((await carol.next('cleared')).data).toEqual({ by: carol.id })
  expect(room.storage.size).toBe(0)
  expect(room.errors).toEqual([])
  await room.close()
})

it('who was away gets the board as it is now', async () => {
  const room = await openRoom(board)
  const ann = room.join({ name: 'ann', client: 'a' })
  const bob = room.join({ name: 'bob' })
  await ann.next('strokes')
  ann.drop()
  await bob.send('draw', line([1, 2]))
  ann.rejoin()
  expect((await ann.next('strokes')).data.strokes).toHaveLength(1)
  await room.close()
})

it('takes no more than its limits: strokes, bytes, points, colors, places', async () => {
  const few = await openRoom(board, { strokes: 2 })
  const ann = few.join()
  await ann.send('draw', line([1, 1]))
  await ann.send('draw', line([2, 2]))
  await expect(ann.send('draw', line([3, 3]))).rejects.toMatchObject({ code: 'board_full' })
  await ann.send('undo', {})
  await ann.send('draw', line([3, 3]))
  await few.close()

  const small = await openRoom(board, { size: '16KiB' })
  const bob = small.join()
  const many = line(...Array.from({ length: 500 }, (_, i): Point => [i, 10_000 - i]))
  const draws = async () => {
    for (let count = 0; ; count += 1) await bob.send('draw', many).catch((error) => Promise.reject({ ...error, count }))
  }
  await expect(draws()).rejects.toMatchObject({ code: 'board_full', count: 3 })
  const wrong = [
    line(),
    line([-1, 0]),
    line([0.5, 0]),
    { ...line([1, 1]), color: 'red' },
    { ...line([1, 1]), width: 501 },
    line(...Array.from({ length: 501 }, (): Point => [0, 0])),
  ]
  for (const stroke of wrong) await expect(bob.send('draw', stroke)).rejects.toMatchObject({ code: 'invalid' })
  await small.close()
})

it('over a real server: an acknowledged stroke is there after a restart', async () => {
  await using lives = await twoLives({ '/board': { module: 'board' } })
  const ann = await lives.server.connect('/board', { name: 'ann' })
  ann.send('draw', line([1, 2], [3, 4]), '1')
  const { data } = await ann.next('stroke')
  expect(await ann.next('ack')).toMatchObject({ id: '1', kept: 'fsync' })
  await lives.restart()
  const bob = await lives.server.connect('/board', { name: 'bob' })
  expect((await bob.next('strokes')).data).toEqual({ strokes: [data] })
})
