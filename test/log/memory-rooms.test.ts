/** The rooms in memory of one server among several: which of them it still takes for its own. */
import { expect, it } from 'vitest'
import type { Draft } from '../../src/log/log.ts'
import { MemoryRooms } from '../../src/log/redis/memory-rooms.ts'
import type { Claim } from '../../src/log/redis/position.ts'
import { systemRandom } from '../../src/random.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { keptLog } from '../support/kept-log.ts'
import { PASSING } from '../support/owned-logs.ts'

/** More than are remembered. */
const MANY = 20_010

it('a room with an alarm is remembered however many others were claimed since, one without is not', async () => {
  const rooms = new MemoryRooms(handClock(), systemRandom())
  let number = 0
  const visit = async (path: string, drafts: readonly Draft[] = [], alarms = new Map<string, number>()) => {
    number += 1
    const at = { epoch: '', number }
    const claim: Claim = { node: 'a', term: 1, from: { epoch: '', number: 0 }, at }
    const room = keptLog(await rooms.openClaimed(path, PASSING, claim))
    await room.append(drafts, [], { alarms })
    await room.close()
    return number
  }
  const plain = await visit('/plain', [{ type: 'said', data: '"hello"' }])
  const alarm = await visit('/alarm', [], new Map([['ring', 5]]))
  expect([rooms.keeps('/alarm', alarm), rooms.keeps('/plain', plain)]).toEqual([true, true])
  for (let n = 0; n < MANY; n += 1) await visit(`/${n}`)
  expect([rooms.keeps('/alarm', alarm), rooms.keeps('/plain', plain)]).toEqual([true, false])
})
