/**
 * Publishing at full load while the server is stopped: politely, twice, or with `kill -9` in the midst of it. Every
 * message is acknowledged and kept, or it was refused or not answered, and may be sent again (catalogue: DP2).
 *
 * `ROUNDS` says how often each end is tried (1; 3 where it is measured; `FULL=1`: 20), `SEED` when the signals come.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { PostPublisher, type Publisher, SocketPublisher } from '../kill/publisher.ts'
import { Victim } from '../kill/victim.ts'
import { tell } from '../support/figures.ts'
import type { Exit } from '../support/process.ts'
import { seeded } from '../support/random.ts'
import { amount } from '../support/scale.ts'

const ROUNDS = Number(process.env.ROUNDS ?? amount(1, 3, 20))
const SEED = Number(process.env.SEED ?? 20_261)
const SOCKETS = 8
const POSTS = 2
/** How many messages are acknowledged before the signal. */
const WARM = 200

const random = seeded(SEED)
let victim: Victim
let publishers: Publisher[] = []

afterEach(async () => {
  for (const publisher of publishers.splice(0)) publisher.leave()
  await victim.remove()
})

/** How a server is made to end, and how it should. */
interface End {
  readonly env?: Record<string, string>
  readonly exit: Exit
  /** It has the time to answer whom it heard. */
  readonly isUnhurried?: true
  signals(): Promise<void>
}

const NOTICE = { DRAIN_MS: '60000', DRAIN_NOTICE_MS: '30000' }
const ENDS: Record<string, End> = {
  SIGTERM: {
    isUnhurried: true,
    exit: { code: 0, signal: null },
    signals: async () => victim.signal('SIGTERM'),
  },
  'SIGTERM with a notice, during which connected peers go on': {
    env: { DRAIN_MS: '30000', DRAIN_NOTICE_MS: '300' },
    isUnhurried: true,
    exit: { code: 0, signal: null },
    signals: async () => victim.signal('SIGTERM'),
  },
  'a second SIGTERM while it drains': {
    env: NOTICE,
    exit: { code: 0, signal: null },
    async signals() {
      victim.signal('SIGTERM')
      await pause(600 + random.below(300))
      victim.signal('SIGTERM')
    },
  },
  'SIGKILL while it drains': {
    env: NOTICE,
    exit: { code: null, signal: 'SIGKILL' },
    async signals() {
      victim.signal('SIGTERM')
      await pause(100 + random.below(500))
      victim.signal('SIGKILL')
    },
  },
}

describe.each(Object.entries(ENDS))('%s under full load', (name, { env = {}, exit, isUnhurried, signals }) => {
  it(`${ROUNDS} times: nothing acknowledged is lost, and the rest may be sent again`, {
    timeout: 120_000 + ROUNDS * 60_000,
  }, async () => {
    victim = await Victim.make()
    const sum = { said: 0, acked: 0, lost: 0, refused: 0, indeterminate: 0, kept: 0, doubled: 0 }
    for (let round = 1; round <= ROUNDS; round += 1) {
      await victim.start([], env)
      publishers = crew(round)
      const published = Promise.all(publishers.map((publisher) => publisher.publish()))
      await expect.poll(() => total('acked')).toBeGreaterThan(WARM)
      await signals()
      expect(await victim.ended()).toEqual(exit)
      await published

      const log = await kept()
      const all = publishers.flatMap(({ said }) => said)
      const acked = all.filter(({ outcome }) => outcome === 'acked')
      sum.said += all.length
      sum.acked += acked.length
      sum.lost += acked.filter(({ key, seq }) => !log.has(key) || (seq ?? log.get(key)) !== log.get(key)).length
      sum.refused += total('refused')
      sum.indeterminate += total('unanswered')
      sum.kept += all.filter(({ key, outcome }) => outcome === 'unanswered' && log.has(key)).length
      if (isUnhurried) expect(all.filter(({ key, outcome }) => outcome === 'unanswered' && log.has(key))).toEqual([])
      // What was refused must not have been kept, or its sender would have a wrong answer.
      expect(all.filter(({ key, outcome }) => outcome === 'refused' && log.has(key))).toEqual([])

      await victim.start([], env)
      await Promise.all(publishers.map((publisher) => publisher.repeat()))
      for (const publisher of publishers) publisher.leave()
      victim.signal('SIGINT')
      expect(await victim.ended()).toEqual({ code: 0, signal: null })
      const after = await kept()
      expect(all.filter(({ key }) => !after.has(key))).toEqual([])
      sum.doubled += await doubled()
    }
    for (const [figure, value] of Object.entries(sum)) tell('DP2', `${name}, ${ROUNDS} rounds: ${figure}`, value)
    expect({ lost: sum.lost, doubled: sum.doubled }).toEqual({ lost: 0, doubled: 0 })
    expect(sum.acked + sum.refused + sum.indeterminate).toBe(sum.said)
    expect(sum.acked).toBeGreaterThan(ROUNDS * WARM)
  })
})

function crew(round: number): Publisher[] {
  const sockets = Array.from({ length: SOCKETS }, (_, index) => new SocketPublisher(victim.url, `${round}w${index}`))
  const posts = Array.from({ length: POSTS }, (_, index) => new PostPublisher(victim.url, `${round}p${index}`))
  return [...sockets, ...posts]
}

function total(outcome: 'acked' | 'refused' | 'unanswered'): number {
  return publishers.reduce((sum, publisher) => sum + publisher.count(outcome), 0)
}

/** The log on disk: each message and where it stands. */
async function kept(): Promise<Map<string, number>> {
  const { log, integrity } = await victim.read()
  expect(integrity).toBe('ok')
  return new Map(log.map(({ key, seq }) => [key, seq]))
}

/** How many messages stand in the log more than once. */
async function doubled(): Promise<number> {
  const { log } = await victim.read()
  return log.length - new Set(log.map(({ key }) => key)).size
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
