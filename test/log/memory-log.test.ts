/** The memory log keeps the contract of logs. */
import { expect, it } from 'vitest'
import { MemoryLog } from '../../src/log/memory.ts'
import { systemRandom } from '../../src/random.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { openKept } from '../support/kept-log.ts'
import { draft, RETENTION } from '../support/log-under-test.ts'
import { describeLog } from '../support/logs.ts'

describeLog('memory', () => ({
  make: async (clock) => new MemoryLog(clock, systemRandom()),
  remove: async () => {},
}))

it('never gives an epoch again to a room that it forgot for all that closed since', async () => {
  const log = new MemoryLog(handClock(), systemRandom())
  const open = (path: string) => openKept(log, path, RETENTION)
  const first = await open('/first')
  await first.append([draft('a'), draft('b')])
  await first.close()
  for (let n = 0; n < 10_000; n += 1) {
    const other = await open(`/other/${n}`)
    await other.append([draft('a')])
    await other.close()
  }
  const again = await open('/first')
  expect([again.first, again.seq]).toEqual([1, 0])
  await again.append([draft('c'), draft('d'), draft('e')])
  // Of the two that were seen nothing is left, and what stands at their numbers is something else.
  expect(again.epoch).not.toBe(first.epoch)
  expect(again.locate(first.epoch, 2)).toEqual({ lost: 'truncated' })
})
