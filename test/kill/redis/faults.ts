/** What can happen to a Redis: each is provoked under load, and over when its function ends. `faults.test.ts` runs them. */
import type { FaultStage } from './stage.ts'

export interface Fault {
  /** For how long, in ms. */
  provoke(stage: FaultStage, ms: number): Promise<void>
  /** Shorter, in `npm test`; and where it is measured. */
  readonly ms: readonly [few: number, many: readonly number[]]
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export const FAULTS: Readonly<Record<string, Fault>> = {
  'killed and started again': {
    ms: [300, [300, 3000]],
    async provoke({ redis }, ms) {
      await redis.kill()
      await pause(ms)
      await redis.restart()
    },
  },
  frozen: {
    ms: [1000, [1000, 4000, 20_000]],
    async provoke({ redis }, ms) {
      redis.freeze()
      await pause(ms)
      redis.thaw()
    },
  },
  slow: {
    ms: [1000, [3000]],
    async provoke({ relay }, ms) {
      relay.slowMs = 250
      await pause(ms)
      relay.slowMs = 0
    },
  },
  'whose answers are lost': {
    ms: [500, [3000]],
    async provoke({ relay }, ms) {
      for (let left = ms; left > 0; left -= 250) {
        relay.loseAnswers()
        await pause(50)
        relay.cut()
        relay.passAnswers()
        await pause(200)
      }
    },
  },
  'whom calls reach after their connection has died': {
    ms: [300, [1500]],
    async provoke({ relay }, ms) {
      for (let left = ms; left > 0; left -= 300) {
        relay.holdCalls()
        await pause(50)
        relay.cut()
        await pause(200)
        relay.passCalls()
        await pause(50)
      }
    },
  },
  'cut off': {
    ms: [500, [2000, 12_000]],
    async provoke({ relay }, ms) {
      relay.unplug()
      await pause(ms)
      relay.plug()
    },
  },
  full: {
    ms: [500, [3000]],
    async provoke({ redis }, ms) {
      await redis.set('maxmemory', '1')
      await pause(ms)
      await redis.set('maxmemory', '0')
    },
  },
  'read-only': {
    ms: [500, [3000]],
    async provoke({ redis }, ms) {
      // Of a master that is not there.
      await redis.say('REPLICAOF', '127.0.0.1', 1)
      await pause(ms)
      await redis.say('REPLICAOF', 'NO', 'ONE')
    },
  },
  'busy with a long script': {
    ms: [1500, [3000]],
    async provoke({ redis }, ms) {
      await redis.say('EVAL', LOOP, 0, ms)
    },
  },
}

const LOOP = `local function now() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end
local till = now() + tonumber(ARGV[1])
while now() < till do end`
