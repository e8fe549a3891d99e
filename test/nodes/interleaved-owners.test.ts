/**
 * Two nodes and one room, each call of the one at each point of the other, with what a network does to a call: nobody keeps
 * anything in a room that another has, what was told as kept is in the log once, and in the end it is known who has it.
 */
import { describe, expect, it } from 'vitest'
import { FATES } from '../support/interleaved-calls.ts'
import { BEFORE, type Mistake, type Play, play } from './interleaved-stage.ts'

type Where = Omit<Play, 'call' | 'fate' | 'point'>

/** More calls than the first node makes, and more answers than the others wait for until the last of them has the room. */
const MOST = { calls: 14, answers: 14 }

/** Each call at each point. `most`: so many that go wrong are enough. */
async function playAll(where: Where, most = Number.POSITIVE_INFINITY) {
  const wrong: string[] = []
  let count = 0
  for (const fate of FATES)
    for (let call = 0, isSaid = true; isSaid && call < MOST.calls; call += 1)
      for (let point = 0, isReached = true; isReached && point < MOST.answers && wrong.length < most; point += 1) {
        const played = await play({ ...where, call, fate, point })
        count += 1
        isSaid = call < played.said.length
        isReached = point < played.answers
        if (played.problems.length > 0)
          wrong.push(`${fate} ${played.said[call]} (${call}) until ${point}: ${played.problems.join('; ')}`)
      }
  return { wrong, count }
}

const plays = BEFORE.flatMap((before) =>
  [true, false].flatMap((isBuried) => [true, false].map((isSilent) => ({ before, isBuried, isSilent }))),
)

describe('a room that two nodes want', () => {
  it.each(plays)('is kept whole ($before, the first is dead: $isBuried, a third comes: $isSilent)', async (where) => {
    const { wrong, count } = await playAll(where)
    expect(wrong).toEqual([])
    expect(count).toBeGreaterThan(100)
  })
})

/** A mistake, and where it is found. */
const MISTAKES: Record<string, readonly [Mistake, Omit<Where, 'mistake'>]> = {
  'a claim has no number': [
    ['claim', "'n', int(to)", "'n', int(n)"],
    { before: 'kept', isBuried: true, isSilent: false },
  ],
  'numbers begin anew where nothing was left of a room': [
    ['claim', 'n + 1, micros', 'n + 1, 0'],
    { before: 'new', isBuried: true, isSilent: true },
  ],
  'whoever gives a room up gives it up for all': [
    ['give', 'm[1] ~= ARGV[2] or m[2] ~= ARGV[3]', 'false'],
    { before: 'new', isBuried: true, isSilent: false },
  ],
}

describe('it is found that', () => {
  it.each(Object.entries(MISTAKES))('%s', async (_, [mistake, where]) => {
    expect((await playAll({ ...where, mistake }, 1)).wrong).toHaveLength(1)
  })
})
