/** The poll that ships: who may ask, vote and close, when it closes by itself, and what a restart leaves of it. */
import { openRoom } from 'corridor/testing'
import { expect, it, vi } from 'vitest'
import poll from '../../rooms/poll.ts'
import { SECRET, sign } from '../support/tokens.ts'
import { twoLives } from '../support/two-lives.ts'

const tea = { question: 'Tea or coffee?', choices: ['tea', 'coffee'] }

it('the first asks, everyone votes once and may change it, the asker closes it, and newcomers get the result', async () => {
  const room = await openRoom(poll)
  const ann = room.join({ name: 'ann' })
  const bob = room.join({ name: 'bob', client: 'bob' })
  await ann.send('ask', tea)
  const opened = (await bob.next('poll')).data
  expect(opened).toEqual({ ...tea, by: ann.id, counts: [0, 0], isClosed: false })
  await expect(bob.send('ask', tea)).rejects.toMatchObject({ code: 'poll_open' })

  await ann.send('vote', { choice: 0 })
  await bob.send('vote', { choice: 0 })
  await bob.send('vote', { choice: 1 })
  await room.advance(250)
  expect((await ann.next('counts')).data).toEqual({ counts: [1, 1] })
  await expect(bob.send('vote', { choice: 2 })).rejects.toMatchObject({ code: 'no_choice' })
  await expect(bob.send('vote', { choice: 0.5 })).rejects.toMatchObject({ code: 'invalid' })
  await expect(bob.send('close', {})).rejects.toMatchObject({ code: 'forbidden' })

  // A second connection of Bob is the same person.
  bob.leave()
  const again = room.join({ name: 'bob', client: 'bob' })
  expect((await again.next('poll')).data).toMatchObject({ counts: [1, 1], yours: 1 })

  await ann.send('close', {})
  expect((await again.next('result')).data).toEqual({ ...tea, counts: [1, 1] })
  await expect(again.send('vote', { choice: 0 })).rejects.toMatchObject({ code: 'no_choice' })
  const late = room.join()
  expect((await late.next('poll')).data).toEqual({ ...opened, counts: [1, 1], isClosed: true })
  expect(room.storage.entries().map(([key]) => key)).toEqual(['poll', 'result'])

  await late.send('ask', { question: 'And milk?', choices: ['yes', 'no'] })
  expect((await ann.next('poll')).data).toMatchObject({ question: 'And milk?', by: late.id, isClosed: false })
  expect(room.errors).toEqual([])
  await room.close()
})

it('a poll from options opens with its room and closes at its time, also if the room was down then', async () => {
  const room = await openRoom(poll, { ...tea, closesAfter: '1h' })
  const ann = room.join({ name: 'ann', client: 'a' })
  const { closesAt = 0 } = (await ann.next('poll')).data
  await expect(ann.send('ask', tea)).rejects.toMatchObject({ code: 'forbidden' })
  await ann.send('vote', { choice: 1 })

  await room.advance(3_000_000)
  await room.restart()
  expect(room.alarms.get('close')).toBe(closesAt)
  const back = room.join({ name: 'ann', client: 'a' })
  expect((await back.next('poll')).data).toMatchObject({ counts: [0, 1], isClosed: false, yours: 1, closesAt })
  await room.advance(600_000)
  expect((await back.next('result')).data).toEqual({ ...tea, counts: [0, 1] })
  await room.restart()
  const late = room.join({ name: 'bob' })
  expect((await late.next('poll')).data).toMatchObject({ counts: [0, 1], isClosed: true })
  expect((await room.history()).map(({ type }) => type)).toEqual(['result'])
  expect(room.alarms.entries()).toEqual([])
  await room.close()
})

it.each([{ question: 'Why?' }, { choices: ['a', 'b'] }, { question: 'Why?', choices: ['a', 'a'] }])(
  'refuses options that are no poll: %j',
  async (options) => {
    await expect(openRoom(poll, options)).rejects.toThrow(/choice/)
  },
)

it('over a real server: votes, the asker and the time of closing survive a restart', async () => {
  await using lives = await twoLives({ '/poll': { module: 'poll', auth: { secret: SECRET } } })
  const headers = { authorization: `Bearer ${await sign({ sub: 'ann' })}` }
  const ann = await lives.server.connect('/poll', {}, { headers })
  ann.send('ask', { ...tea, closesAfterMs: 86_400_000 }, '1')
  const asked = (await ann.next('poll')).data
  ann.send('vote', { choice: 1 }, '2')
  expect(await ann.next('ack')).toMatchObject({ id: '1', kept: 'fsync' })
  expect(await ann.next('ack')).toMatchObject({ id: '2', kept: 'fsync' })

  await lives.restart()
  const back = await lives.server.connect('/poll', {}, { headers })
  expect((await back.next('poll')).data).toEqual({ ...(asked as object), counts: [0, 1], yours: 1 })
  back.send('close', undefined, '3')
  expect((await back.next('result')).data).toEqual({ ...tea, counts: [0, 1] })
})

it('counts once for many newcomers, however many have voted', async () => {
  const room = await openRoom(poll)
  const ann = room.join({ name: 'ann', client: 'ann' })
  await ann.send('ask', tea)
  await ann.send('vote', { choice: 1 })
  await room.advance(250)
  const entries = vi.spyOn(room.storage, 'entries')
  for (let n = 0; n < 20; n += 1)
    expect((await room.join({ name: 'late' }).next('poll')).data).toMatchObject({ counts: [0, 1] })
  expect(entries).not.toHaveBeenCalled()
})
