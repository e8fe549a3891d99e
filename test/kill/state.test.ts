/**
 * `kill -9` of a log that keeps events, storage, alarms and ids together: whenever it dies, what one entry did is there
 * whole or not at all, and what was said to be kept is there.
 */
import { afterEach, beforeEach, describe, it } from 'vitest'
import { need } from '../support/components.ts'
import { seeded } from '../support/random.ts'
import { amount } from '../support/scale.ts'
import { StateStage } from './state-stage.ts'

const KILLS = amount(2, 6, 20)
const SEED = Number(process.env.SEED ?? 20_261)

let stage: StateStage
beforeEach(() => {
  stage = new StateStage()
})
afterEach(() => stage.remove())

/** The disk may be busy. */
const SLOW = { timeout: 120_000 }

describe('killed at a point on the way of an entry with changes', () => {
  const points = {
    append: 'after it was handed to the log, before the commit',
    committing: 'while the thread of the database commits it',
    commit: 'after the commit, before anyone heard of it',
  }
  for (const [point, when] of Object.entries(points)) {
    it(`${when}: it is whole or not there`, SLOW, async () => {
      const random = seeded(SEED)
      for (let kill = 1; kill <= KILLS; kill += 1) {
        stage.start(point, 1 + random.below(300))
        await stage.mustBeWhole(await stage.acked())
      }
    })
  }

  it('at random: it is whole or not there', SLOW, async () => {
    const random = seeded(SEED)
    for (let kill = 1; kill <= KILLS; kill += 1) {
      stage.start('none', 1)
      await stage.mover.text(new RegExp(`^acked \\d*${random.below(10)}${random.below(10)}$`, 'm'))
      const dead = stage.acked()
      await stage.mover.stop()
      await stage.mustBeWhole(await dead)
    }
  })

  const strace = need('strace')
  for (const call of ['pwrite64', 'fsync,fdatasync']) {
    it(`in a system call of the thread of the database (${call}): it is whole or not there`, SLOW, async () => {
      const random = seeded(SEED)
      for (let kill = 1; kill <= KILLS; kill += 1) {
        const inject = `inject=${call}:signal=KILL:when=${40 + random.below(100)}`
        stage.start('none', 1, [strace ?? '', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject])
        await stage.mustBeWhole(await stage.acked())
      }
    })
  }
})

it('killed while a room is erased: all of it can be read, or nothing', SLOW, async () => {
  const random = seeded(SEED)
  for (let kill = 1; kill <= KILLS; kill += 1) {
    stage.start('erasing', 1 + random.below(60))
    await stage.acked()
    await stage.mustBeErasedOrWhole()
  }
})
