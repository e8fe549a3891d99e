/**
 * `kill -9` of a bank (`room.ts`) under load, at random moments and at named points. After each restart, and in the end,
 * its books agree: storage and alarms are the fold of the log, the sum is right, what was acknowledged stands once.
 *
 * `KILLS` says how often it is killed at random, `SEED` when.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { tell, tellWrong } from '../../support/figures.ts'
import { seeded } from '../../support/random.ts'
import { amount } from '../../support/scale.ts'
import { Bank } from './bank.ts'
import { standing } from './checker.ts'

const KILLS = Number(process.env.KILLS ?? amount(5, 12, 50))
/** How often it is killed at a point. */
const TIMES = amount(1, 2, 4)
const SEED = Number(process.env.SEED ?? 20_261)

let bank: Bank

afterEach(() => bank.remove())

tellWrong('RM1', 'runs after which the books did not agree')

it(`${KILLS} × kill -9 of a bank: its sum is right, its storage is the fold of its log, each move stands once`, {
  timeout: 120_000 + KILLS * 60_000,
}, async () => {
  const random = seeded(SEED)
  bank = await Bank.make()
  await bank.victim.start()
  const tellers = bank.begin(SEED)
  for (let kill = 1; kill <= KILLS; kill += 1) {
    await tellers.moreAcked(random.below(300))
    await bank.victim.kill()
    // Also while answers are still due.
    expect(standing(await bank.books())).toEqual([])
    await bank.victim.start()
  }
  await tellers.moreAcked(100)
  expect(await bank.judge()).toEqual([])
  tell('RM1', 'kills at random', KILLS)
  tell('RM1', 'messages acknowledged over them', tellers.acked)
  tell('RM1', 'of these sent again and handled before', tellers.duplicates)
})

const STEPS = ['append', 'committing', 'commit', 'deliver']
const STATEMENTS = [
  'event',
  'id',
  'storage',
  'storage-delete',
  'alarm',
  'alarm-delete',
  'alarm-next',
  'redact',
  'clear',
]
const POINTS = {
  ...Object.fromEntries(
    ['storage', 'alarm-set', 'alarm-over', 'redact', 'clear'].map((kind) => [
      `steps with ${kind}`,
      STEPS.map((step) => `${kind}:${step}`),
    ]),
  ),
  statements: STATEMENTS.map((statement) => `sql:${statement}`),
  commits: ['sql:uncommitted', 'sql:committed', 'trim'],
}

describe('a bank killed at each point of', () => {
  it.each(Object.entries(POINTS))('%s has books that agree', async (_, points) => {
    const random = seeded(SEED)
    bank = await Bank.make()
    for (const [index, point] of points.flatMap((each) => Array(TIMES).fill(each)).entries()) {
      const most = /redact|clear|trim/.test(point) ? 3 : 60
      await bank.victim.startDoomed(point, 1 + random.below(most))
      if (index === 0) bank.begin(SEED)
      expect(await bank.victim.died(), point).toBe('SIGKILL')
      expect(standing(await bank.books()), point).toEqual([])
      tell('RM1', 'kills at named points', `${TIMES} at each`)
    }
    await bank.victim.start()
    await bank.tellers.moreAcked(50)
    expect(await bank.judge()).toEqual([])
  })
})
