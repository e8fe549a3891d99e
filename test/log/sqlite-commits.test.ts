/** The group commit: what fails in one append leaves the others as they are, and what fails in a commit ends with it. */
import { describe, expect, it } from 'vitest'
import { SqliteCommits } from '../../src/log/sqlite/commits.ts'
import { handClock } from '../../src/testing/hand-clock.ts'

describe('what fails in one append', () => {
  const append = (what: { prepare?: Error; committed?: Error; failed?: Error }, told: string[]) => ({
    length: 1,
    prepare({ events }: { events: (number | string)[] }) {
      events.push(1, 1, 1, 'x')
      if (what.prepare) throw what.prepare
    },
    committed() {
      told.push('committed')
      if (what.committed) throw what.committed
    },
    failed() {
      told.push('failed')
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
    const told: string[] = []
    const oops = new Error('oops')
    for (const what of [{ prepare: oops }, {}, { committed: oops }, {}]) commits.enqueue(append(what, told))
    await commits.idle()
    expect({ written, told, errors: errors.length }).toEqual({
      written: [3],
      told: ['failed', 'committed', 'committed', 'committed'],
      errors: 2,
    })
    isWell = false
    for (const what of [{}, { failed: oops }, {}]) commits.enqueue(append(what, told))
    await commits.idle()
    isWell = true
    commits.enqueue(append({}, told))
    await commits.idle()
    expect(told.slice(4)).toEqual(['failed', 'failed', 'failed', 'committed'])
  })

  it('that the disk did not take refuses what came meanwhile, too: after a failed sync a second one proves nothing', async () => {
    const told: string[] = []
    let writes = 0
    const commits: SqliteCommits = new SqliteCommits(
      handClock(),
      async () => {
        writes += 1
        if (writes === 1) commits.enqueue(append({}, told))
        return writes > 1
      },
      { error: () => {} },
    )
    commits.enqueue(append({}, told))
    await commits.idle()
    expect({ writes, told }).toEqual({ writes: 1, told: ['failed', 'failed'] })
    commits.enqueue(append({}, told))
    await commits.idle()
    expect(told.at(-1)).toBe('committed')
  })
})
