/** The quiz that ships: rounds by alarm, an answer that counts once, and a seat that stays over reconnects and restarts. */
import { openRoom } from 'corridor/testing'
import { expect, it } from 'vitest'
import quiz from '../../rooms/quiz.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { passUntil } from '../support/close-in-time.ts'
import { SECRET, sign } from '../support/tokens.ts'
import { twoLives } from '../support/two-lives.ts'

const questions = [
  { text: 'How much is 6 × 7?', choices: ['41', '42', '43'], right: 1 },
  { text: 'Which is a bird?', choices: ['wren', 'newt'], right: 0 },
]

it('asks, counts an answer once, shows the solution, asks the next, and publishes the scores', async () => {
  const room = await openRoom(quiz, { questions })
  // The scores are not in the order of the ids.
  const ann = room.join({ claims: { sub: 'z', name: 'ann' } })
  const bob = room.join({ claims: { sub: 'b', name: 'bob' } })
  await ann.send('start', {})
  await expect(bob.send('start', {})).rejects.toMatchObject({ code: 'running' })
  const first = (await bob.next('question')).data
  expect(first).toMatchObject({ round: 0, of: 2, text: questions[0]?.text, choices: questions[0]?.choices })
  expect(first).not.toHaveProperty('right')

  await ann.send('answer', { round: 0, choice: 1 })
  await expect(ann.send('answer', { round: 0, choice: 0 })).rejects.toMatchObject({ code: 'answered' })
  await room.advance(10_000)
  await bob.send('answer', { round: 0, choice: 1 })
  await room.advance(10_000)
  const scores = [
    { name: 'ann', points: 1000 },
    { name: 'bob', points: 750 },
  ]
  expect((await bob.next('solution')).data).toEqual({ round: 0, right: 1, scores })
  await expect(bob.send('answer', { round: 0, choice: 1 })).rejects.toMatchObject({ code: 'too_late' })

  await room.advance(5000)
  expect((await bob.next('question')).data).toMatchObject({ round: 1, text: 'Which is a bird?' })
  await expect(bob.send('answer', { round: 0, choice: 0 })).rejects.toMatchObject({ code: 'too_late' })
  await ann.send('answer', { round: 1, choice: 1 })
  await room.advance(25_000)
  expect((await ann.next('over')).data).toEqual({ scores })
  expect(room.alarms.entries()).toEqual([])
  await bob.send('start', {})
  expect(room.storage.entries('player/')).toEqual([])
  expect(room.errors).toEqual([])
  await room.close()
})

it('keeps a seat, an answer and the rounds over a reconnect and a restart', async () => {
  const room = await openRoom(quiz, { questions, round: '20s', pause: '5s' })
  const ann = room.join({ name: 'ann', client: 'a' })
  await ann.send('start', {})
  await ann.send('answer', { round: 0, choice: 1 })
  ann.drop()
  ann.rejoin()
  const seat = { name: 'ann', points: 1000, choice: 1 }
  expect((await ann.next('seat')).data).toEqual(seat)

  await room.advance(12_000)
  await room.restart()
  const back = room.join({ name: 'ann', client: 'a' })
  expect((await back.next('question')).data).toMatchObject({ round: 0 })
  expect((await back.next('seat')).data).toEqual(seat)
  await expect(back.send('answer', { round: 0, choice: 1 })).rejects.toMatchObject({ code: 'answered' })
  await room.advance(8000)
  expect((await back.next('solution')).data).toMatchObject({ right: 1, scores: [{ name: 'ann', points: 1000 }] })
  await room.restart()
  await room.advance(5000)
  expect((await room.join({ client: 'a' }).next('question')).data).toMatchObject({ round: 1 })
  expect((await room.history()).map(({ type }) => type)).toEqual(['solution'])
  await room.close()
})

it('refuses questions without a right answer', async () => {
  const options = { questions: [{ text: 'Why?', choices: ['a', 'b'], right: 2 }] }
  await expect(openRoom(quiz, options)).rejects.toThrow(/index of a choice/)
})

it('over a real server: a round that ended while the server was down ends when it is back, and the seat is kept', async () => {
  const line = { module: 'quiz', options: { questions, pause: '1h' }, auth: { secret: SECRET } }
  const begin = Date.now()
  const second = handClock(begin + 60_000)
  await using lives = await twoLives({ '/quiz': line }, [handClock(begin), second])
  const headers = { authorization: `Bearer ${await sign({ sub: 'ann', name: 'Ann', exp: undefined })}` }
  const ann = await lives.server.connect('/quiz', {}, { headers })
  ann.send('start', undefined, '1')
  await ann.next('question')
  ann.send('answer', { round: 0, choice: 0 }, '2')
  expect(await ann.next('ack')).toMatchObject({ id: '1' })
  expect(await ann.next('ack')).toMatchObject({ id: '2', kept: 'fsync' })

  await lives.restart()
  const back = await lives.server.connect('/quiz', {}, { headers })
  // The round ends before this join or after it.
  const heard: Record<string, unknown> = {}
  while (!heard.seat || !heard.solution) {
    const { type, data } = await passUntil(second, back.next(), 1)
    heard[type] = data
  }
  expect(heard.solution).toEqual({ round: 0, right: 1, scores: [{ name: 'Ann', points: 0 }] })
  expect(heard.seat).toEqual({ name: 'Ann', points: 0, choice: 0 })
})
