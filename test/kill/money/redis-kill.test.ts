/**
 * `kill -9` of a bank that keeps its room in Redis, of that Redis, and of both: its books agree after each restart and in
 * the end, as with a file (`kill.test.ts`). The checker finds what is planted here too.
 *
 * `KILLS` says how often each is killed at random, `SEED` when.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { need } from '../../support/components.ts'
import { tell, tellWrong } from '../../support/figures.ts'
import { seeded } from '../../support/random.ts'
import { RedisServer } from '../../support/redis.ts'
import { amount } from '../../support/scale.ts'
import { Bank } from './bank.ts'
import { standing } from './checker.ts'

const KILLS = Number(process.env.KILLS ?? amount(2, 12, 50))
/** How often it is killed at a point. */
const TIMES = amount(1, 2, 4)
const SEED = Number(process.env.SEED ?? 20_272)
/** Messages are answered after 4 s. */
const FROZEN_MS = 5000

const command = need('redis') ?? ''
let redis: RedisServer
let bank: Bank

beforeEach(async () => {
  redis = await RedisServer.start(command)
  bank = await Bank.make(redis)
})
afterEach(() => bank.remove())

tellWrong('RR2', 'runs after which the books of a bank in Redis did not agree')

describe(`${KILLS} × kill -9 of a bank`, () => {
  const whom = {
    'its server': ['server'],
    'its Redis': ['Redis'],
    both: ['server', 'Redis'],
  }
  it.each(Object.entries(whom))(
    '%s: its sum is right, its storage is the fold of its log, each move stands once',
    {
      timeout: 120_000 + KILLS * 60_000,
    },
    async (who, parts) => {
      const random = seeded(SEED)
      await bank.victim.start()
      const tellers = bank.begin(SEED)
      for (let kill = 1; kill <= KILLS; kill += 1) {
        await tellers.moreAcked(random.below(300))
        if (parts.includes('server')) await bank.victim.kill()
        if (parts.includes('Redis')) {
          await redis.kill()
          await redis.restart()
        }
        if (!parts.includes('server')) continue
        // Also while answers are still due.
        expect(standing(await bank.books())).toEqual([])
        await bank.victim.start()
      }
      await tellers.moreAcked(100)
      expect(await bank.judge()).toEqual([])
      tell('RR2', `messages acknowledged over ${KILLS} kills of ${who}`, tellers.acked)
      tell('RR2', `of these sent again and handled before, ${who}`, tellers.duplicates)
    },
  )
})

it('a bank whose Redis is frozen for longer than anyone waits goes on with what turns out to be kept', async () => {
  await bank.victim.start()
  const tellers = bank.begin(SEED)
  for (let time = 1; time <= TIMES; time += 1) {
    await tellers.moreAcked(100)
    redis.freeze()
    await new Promise((resolve) => setTimeout(resolve, FROZEN_MS))
    redis.thaw()
  }
  await tellers.moreAcked(100)
  expect(await bank.judge()).toEqual([])
  // Nobody was sent away for it.
  expect(bank.victim.output).not.toContain('lost')
})

const STEPS = ['deliver', 'append'].slice(0, amount(1, 2))
const KINDS = ['storage', 'alarm-set', 'alarm-over', 'redact', 'clear']
const POINTS = {
  'the way of an entry': KINDS.flatMap((kind) => STEPS.map((step) => `${kind}:${step}`)),
  'a call': ['commit:sent', 'commit:answered', 'trim:sent'].flatMap((point) => Array(2).fill(point)),
}

describe('a bank killed at each point of', () => {
  it.each(Object.entries(POINTS))('%s has books that agree', async (_, points) => {
    const random = seeded(SEED)
    for (const [index, point] of points.flatMap((each) => Array(TIMES).fill(each)).entries()) {
      const most = /trim/.test(point) ? 1 : /redact|clear/.test(point) ? 3 : 60
      await bank.victim.startDoomed(point, 1 + random.below(most))
      if (index === 0) bank.begin(SEED)
      expect(await bank.victim.died(), point).toBe('SIGKILL')
      expect(standing(await bank.books()), point).toEqual([])
    }
    await bank.victim.start()
    await bank.tellers.moreAcked(50)
    expect(await bank.judge()).toEqual([])
  })
})

describe('the checker finds in a server that dies', () => {
  const planted = { storage: /^storage: /, id: /^double: /, 'alarm-over': /^alarms: / }
  it.each(Object.entries(planted))('%s: in another transaction, or before its own', async (fault, found) => {
    await bank.victim.startDoomed('between', 5, fault)
    bank.begin(7)
    expect(await bank.victim.died()).toBe('SIGKILL')
    const before = standing(await bank.books())
    await bank.victim.start()
    await bank.tellers.moreAcked(50)
    expect([...before, ...(await bank.judge())]).toContainEqual(expect.stringMatching(found))
  })
})
