/** The group commit: what fails in one append leaves the others as they are, and what fails in a commit ends with it. */
import { describe, expect, it } from 'vitest'
import { Lives } from '../../src/log/epoch.ts'
import { type Append, SqliteCommits } from '../../src/log/sqlite/commits.ts'
import { SqliteRoomLog } from '../../src/log/sqlite/room.ts'
import type { SqliteRoomParts } from '../../src/log/sqlite/room-parts.ts'
import type { Begin } from '../../src/log/sqlite/stored.ts'
import { systemRandom } from '../../src/random.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { keptLog } from '../support/kept-log.ts'

describe('what fails in one append', () => {
  const append = (what: { prepare?: Error; committed?: Error; failed?: Error }, results: string[]) => ({
    length: 1,
    prepare({ events }: { events: (number | string)[] }) {
      events.push(1, 1, 1, 'x')
      if (what.prepare) throw what.prepare
    },
    committed() {
      results.push('committed')
      if (what.committed) throw what.committed
    },
    failed() {
      results.push('failed')
      if (what.failed) throw what.failed
    },
  })

  it('ends that append alone, and the commit loop goes on', async () => {
    const errors: unknown[] = []
    const written: number[] = []
    let isWell = true
    const commits = new SqliteCommits(
      handClock(),
      async ({ events }) => {
        written.push(events.length / 4)
        if (!isWell) throw new Error('the disk')
        return true
      },
      { error: (fields) => void errors.push(fields) },
    )
    const results: string[] = []
    const oops = new Error('oops')
    for (const what of [{ prepare: oops }, {}, { committed: oops }, {}]) commits.enqueue(append(what, results))
    await commits.idle()
    expect({ written, results, errors: errors.length }).toEqual({
      written: [3],
      results: ['failed', 'committed', 'committed', 'committed'],
      errors: 2,
    })
    isWell = false
    for (const what of [{}, { failed: oops }, {}]) commits.enqueue(append(what, results))
    await commits.idle()
    isWell = true
    commits.enqueue(append({}, results))
    await commits.idle()
    expect(results.slice(4)).toEqual(['failed', 'failed', 'failed', 'committed'])
  })

  it('that the disk did not take refuses what came meanwhile, too: after a failed sync a second one proves nothing', async () => {
    const results: string[] = []
    let writes = 0
    const commits: SqliteCommits = new SqliteCommits(
      handClock(),
      async () => {
        writes += 1
        if (writes === 1) commits.enqueue(append({}, results))
        return writes > 1
      },
      { error: () => {} },
    )
    commits.enqueue(append({}, results))
    await commits.idle()
    expect({ writes, results }).toEqual({ writes: 1, results: ['failed', 'failed'] })
    commits.enqueue(append({}, results))
    await commits.idle()
    expect(results.at(-1)).toBe('committed')
  })
})

describe('rooms that begin in one commit', () => {
  const ROOMS = 500

  /** Prepares `ROOMS` new rooms of two appends each into one commit. Returns the commit and how often its rooms were read. */
  function prepared() {
    const clock = handClock()
    const appends: Append[] = []
    let id = 0
    const parts = {
      clock,
      lives: new Lives(0, systemRandom()),
      newId: () => ++id,
      refusal: () => undefined,
      enqueue: (append: Append) => void appends.push(append),
    } as unknown as SqliteRoomParts
    for (let at = 0; at < ROOMS; at += 1) {
      const retention = { keep: 10, maxAgeMs: 1000, durable: true }
      const room = keptLog(new SqliteRoomLog(parts, `/r/${at}`, undefined, retention, () => {}))
      for (const data of ['1', '2']) void room.append([{ type: 'said', data }])
    }
    const begins: Begin[] = []
    let reads = 0
    const counted = new Proxy(begins, {
      get(target, name) {
        reads += 1
        return Reflect.get(target, name)
      },
    })
    for (const append of appends) append.prepare({ begins: counted, events: [], keys: [], changes: [] })
    return { begins, reads }
  }

  it('begin once each, and are not searched through', () => {
    const { begins, reads } = prepared()
    expect(begins.map(({ id }) => id)).toEqual(Array.from({ length: ROOMS }, (_, at) => at + 1))
    expect(reads).toBeLessThan(20 * ROOMS)
  })
})
