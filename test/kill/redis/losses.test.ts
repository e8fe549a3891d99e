/**
 * A Redis that loses what it has acknowledged, under a server and its clients: what the server can say again is not lost;
 * whatever is lost, everyone is told that it is; nothing is doubled, and all goes on by itself.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { need } from '../../support/components.ts'
import { tellWrong } from '../../support/figures.ts'
import { amount } from '../../support/scale.ts'
import { KEYS, LOSSES, removeKey } from './losses.ts'
import { FaultStage } from './stage.ts'

const command = need('redis') ?? ''
let stage: FaultStage

tellWrong('RR4', 'losses after which something was doubled, or lost without a word')

afterEach(() => stage.remove())

describe('a Redis', () => {
  it.each(Object.entries(LOSSES))('%s has all again from the server that has said all of it', async (_, loss) => {
    stage = await FaultStage.make(command)
    await stage.begin()
    loss.prepare?.(stage)
    await stage.acked(100)
    await stage.fault(() => loss.provoke(stage))
    const outcome = await stage.judge()
    expect(outcome).toMatchObject({ anomalies: [], lost: 0, told: 0 })
  })

  it.each(Object.entries(LOSSES))('%s: what no server can say again is lost, and told', async (_, loss) => {
    stage = await FaultStage.make(command)
    await stage.begin()
    loss.prepare?.(stage)
    await stage.acked(100)
    await stage.restartServer()
    await stage.acked(50)
    const newest = await stage.newestOffset()
    await stage.fault(() => loss.provoke(stage))
    // One who only reads pages hears it, too.
    expect(await stage.statusOf(newest)).toBe(410)
    const outcome = await stage.judge(true)
    expect(outcome).toMatchObject({ anomalies: [] })
    expect(outcome.lost).toBeGreaterThan(0)
    expect(outcome.told).toBe(stage.listeners)
  })

  // `redis-lost-keys.test.ts` tries each of them without clients.
  it.each(Object.entries(KEYS).slice(0, amount(3, 8)))(
    'without %s: that is logged, and all goes on',
    async (_, { key, allowed, isUnseen }) => {
      stage = await FaultStage.make(command)
      await stage.begin()
      await stage.acked(100)
      await stage.fault(() => removeKey(stage, key))
      const logged = [stage.victim.output]
      await stage.restartServer()
      await stage.acked(100)
      const { anomalies } = await stage.judge(true)
      logged.push(stage.victim.output)
      expect(anomalies.filter((line) => !allowed?.test(line))).toEqual([])
      if (!isUnseen) expect(logged.join('')).toContain('Redis has lost a part of a room')
    },
  )
})
