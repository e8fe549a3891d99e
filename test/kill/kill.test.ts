/**
 * `kill -9` under load: 8 publishers on the product's own client, 20 subscribers on the bare wire, and a server that dies
 * again and again, at random moments and at named points. What was acknowledged is there, once, in one order for all.
 *
 * `KILLS` says how often the server is killed at random (5; 12 where it is measured, 50 with `FULL=1`), `SEED` when.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { need } from '../support/components.ts'
import { seeded } from '../support/random.ts'
import { amount } from '../support/scale.ts'
import { KillStage, SUBSCRIBERS } from './kill-stage.ts'

const KILLS = Number(process.env.KILLS ?? amount(5, 12, 50))
/** How often it is killed at a point after it was killed there. */
const MORE = amount(1, 2)
const SEED = Number(process.env.SEED ?? 20_260)

let stage: KillStage

afterEach(() => stage.remove())

it(`${KILLS} × kill -9: nothing acknowledged is lost, nothing doubled, no gap, one order, everyone resumes`, {
  timeout: 120_000 + KILLS * 60_000,
}, async () => {
  const random = seeded(SEED)
  stage = await KillStage.make()
  const { victim, recorder } = stage
  await stage.begin()
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const welcomes = recorder.welcomes
    // Also while clients are still coming back, and after long runs.
    if (random.oneIn(4)) await recorder.until('someone to come back', () => recorder.welcomes > welcomes - SUBSCRIBERS)
    else await stage.acked(random.below(300))
    await victim.kill()
    await victim.start()
  }
  await stage.acked(100)
  const verdict = await stage.judge()
  process.stdout.write(`${KILLS} kills: ${stage.summary(verdict)}\n`)
  expect(verdict.anomalies).toEqual([])
  expect(verdict.told).toBe(0)
  expect(verdict.resumed).toBeGreaterThanOrEqual(SUBSCRIBERS)
  expect(verdict.acked).toBeGreaterThanOrEqual(100)
})

describe('killed at a point on the way of a message', () => {
  const points = {
    append: 'after it was handed to the log, before the commit',
    committing: 'while the thread of the database commits it',
    commit: 'after the commit, before anyone heard of it',
    deliver: 'after others heard it, before its ack left',
    trim: 'while old events are removed',
  }
  for (const [point, when] of Object.entries(points)) {
    it(`${when}: the same holds`, async () => {
      const random = seeded(SEED)
      const history = point === 'trim' ? { keep: 2000, replay: 0 } : undefined
      stage = await KillStage.make(history)
      const { victim } = stage
      await stage.begin(() => victim.startDoomed(point, 1 + random.below(20)))
      for (let kill = 1; kill <= MORE; kill += 1) {
        expect(await victim.died()).toBe('SIGKILL')
        await victim.startDoomed(point, 1 + random.below(200))
      }
      expect(await victim.died()).toBe('SIGKILL')
      await stage.mustHaveSurvived()
    })
  }
})

describe('killed in a system call of the thread of the database', () => {
  const strace = need('strace')
  const calls = { 'while a page is written': 'pwrite64', 'while a commit is synced': 'fsync,fdatasync' }
  for (const [when, call] of Object.entries(calls)) {
    it(`${when}: the same holds`, async () => {
      const random = seeded(SEED)
      stage = await KillStage.make()
      const { victim } = stage
      const start = () => {
        const inject = `inject=${call}:signal=KILL:when=${40 + random.below(100)}`
        return victim.start([strace ?? '', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject])
      }
      await stage.begin(start)
      for (let kill = 1; kill <= MORE; kill += 1) {
        expect(await victim.died()).toBe('SIGKILL')
        await start()
      }
      expect(await victim.died()).toBe('SIGKILL')
      await stage.mustHaveSurvived()
    })
  }
})
