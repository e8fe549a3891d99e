/**
 * The model of Redis answers and keeps what a real one does: random commands and random calls of the log's scripts, with
 * faults, lost keys, restarts and lost writes between them. A failure prints its seed; `SEED=<n>` runs that one alone.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { need } from '../support/components.ts'
import { seeded } from '../support/random.ts'
import { amount } from '../support/scale.ts'
import type { Fault } from './faults.ts'
import { randomCommand } from './random-commands.ts'
import { RandomScripts, roomKey } from './random-scripts.ts'
import { Twins } from './twins.ts'

const command = need('redis')
const { SEED } = process.env
const seeds = SEED ? [Number(SEED)] : Array.from({ length: amount(3, 3, 30) }, (_, index) => index + 1)
const STEPS = amount(400, 400, 3000)
const SHORT: readonly Fault[] = ['full', 'replica', 'busy']

let twins: Twins

beforeAll(async () => {
  if (command) twins = await Twins.start(command)
})
afterAll(() => twins?.end())

describe.each(seeds)('with the seed %i', (seed) => {
  it('commands', async () => {
    const dice = seeded(seed)
    await twins.command('FLUSHALL', 'SYNC')
    for (let step = 0; step < STEPS * 2; step += 1) {
      await twins.command(...randomCommand(dice))
      if (step % 100 === 99) await twins.expectSameState()
    }
  })

  it('scripts of the log', async () => {
    const dice = seeded(seed * 7919)
    const scripts = new RandomScripts(dice, twins.host.model)
    const script = async ({ script, key, args } = scripts.next()) => void (await twins.run(script, key, args))
    let now = 1_767_225_600_000
    await twins.command('FLUSHALL', 'SYNC')
    await twins.setClock(now)
    let saved: number | undefined
    for (let step = 1; step <= STEPS; step += 1) {
      await script()
      if (dice.oneIn(10)) {
        // Hours pass, or the clock is set back.
        now += dice.oneIn(4) ? -dice.below(100_000) : dice.below(dice.pick([10_000, 40_000_000]))
        await twins.setClock(now)
      }
      if (dice.oneIn(50)) await twins.command('DEL', roomKey(dice))
      if (dice.oneIn(150)) {
        await twins.command('FLUSHALL', 'SYNC')
        await twins.setClock(now)
      }
      if (dice.oneIn(60)) {
        await twins.withFault(dice.pick(SHORT), async () => {
          for (let each = 0; each < 5; each += 1) await script()
          await twins.command(...randomCommand(dice))
        })
      }
      if (dice.oneIn(60)) {
        for (const call of scripts.ending()) {
          await script(call)
          now += 8 * 86_400_000
          await twins.setClock(now)
        }
      }
      if (dice.oneIn(100)) await twins.forgetScripts()
      if (saved === undefined && step > STEPS / 3) saved = twins.save()
      if (step % 50 === 0) await twins.expectSameState()
    }
    await twins.restart()
    await script()
    await twins.restart(saved)
    await twins.expectSameState()
    await script()
  })
})

it.skipIf(SEED)('every answer that scripts give came', () => {
  const answers = {
    commit: ['ok', 'at', 'dup', 'run', 'broken', 'OOM', 'READONLY', 'BUSY', 'ERR'],
    settle: ['done', 'void', 'at'],
    trim: ['ok', 'at'],
    erase: ['ok', 'at', 'none'],
    mend: ['ok', 'at'],
    drop: ['0', '1'],
    page: ['ok', 'at'],
  }
  const wanted = Object.entries(answers).flatMap(([name, words]) => words.map((word) => `${name} ${word}`))
  expect(wanted.filter((each) => !twins.seen.has(each))).toEqual([])
})
