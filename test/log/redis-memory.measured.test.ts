/** What a byte of history and an id cost in the memory of a Redis (catalogue: LR1). docs/REDIS.md says it. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { IdempotencyKey } from '../../src/log/log.ts'
import { need } from '../support/components.ts'
import { bound } from '../support/figures.ts'
import { openKept } from '../support/kept-log.ts'
import { TestRedis } from '../support/redis-log.ts'

const command = need('redis')
const EVENTS = 100_000
const AT_ONCE = 1000
/** What the type and the data of an event have. */
const EVENT_BYTES = 130
const RETENTION = { keep: 1e6, maxAgeMs: 1e9, durable: true }

let redis: TestRedis

beforeAll(async () => {
  if (command) redis = await TestRedis.start(command, { appendfsync: 'no' })
})
afterAll(() => redis?.remove())

async function usedBytes(): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(String(await redis.server.say('INFO', 'memory')))?.[1])
}

/** Bytes of Redis' memory for each of many messages of one room. */
async function costOf(path: string, drafts: number, keyOf: (n: number) => IdempotencyKey | undefined): Promise<number> {
  await redis.empty()
  const log = await redis.log(systemClock())
  const room = await openKept(log, path, RETENTION)
  const draft = { type: 'said', data: `"${'x'.repeat(EVENT_BYTES - 6)}"` }
  const before = await usedBytes()
  for (let n = 0; n < EVENTS; n += AT_ONCE) {
    const messages = Array.from({ length: AT_ONCE }, (_, i) => keyOf(n + i))
    await Promise.all(
      messages.map((key) =>
        room.append(
          Array.from({ length: drafts }, () => draft),
          key ? [key] : [],
        ),
      ),
    )
  }
  const cost = ((await usedBytes()) - before) / EVENTS
  await room.close()
  await log.close()
  return cost
}

it(`an event of ${EVENT_BYTES} bytes, and an id, take little more than they are`, async () => {
  const event = await costOf('/events', 1, () => undefined)
  bound('LR1', `bytes of Redis' memory for an event of ${EVENT_BYTES} bytes`, event, 230)
  const key = (n: number) => ({ client: `client ${n % 100}`, id: `${n}`, hash: 'x'.repeat(44), draft: 0 })
  const both = await costOf('/ids', 1, key)
  bound('LR1', "bytes of Redis' memory for an id", both - event, 70)
  expect(both).toBeGreaterThan(event)
}, 300_000)
