/**
 * docs/LIMITS.md is held to the schema and to the tests that break each limit, and what counts as progress of a slow
 * peer is tried by figures.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { schemaText } from '../../src/config/schema-text.ts'
import { LIMITS } from '../../src/tally.ts'
import { isStalled, type PendingBytes, pendingBytesOf } from '../../src/transports/stalls.ts'

describe('what waits for a peer', () => {
  const WAITING = 80 * 1024
  /** Looks each second until it is stuck: a reader of so many bytes a second, to whom as many more are written. */
  function stuckAfter(readPerSecond: number, writtenPerSecond: number, forSeconds = 1000): number | undefined {
    let [read, written] = [0, WAITING]
    let owed: PendingBytes | undefined
    for (let second = 0; second < forSeconds; second += 1) {
      owed = pendingBytesOf(owed, { bytesWritten: written, writableLength: written - read }, second * 1000)
      if (owed && isStalled(owed, second * 1000, 30_000)) return second
      written += writtenPerSecond
      read = Math.min(written, read + readPerSecond)
    }
    return undefined
  }

  it('is never done: by who takes nothing, or a byte now and then', () => {
    expect(stuckAfter(0, 0)).toBe(40)
    expect(stuckAfter(1, 0)).toBe(40)
    expect(stuckAfter(1, 5)).toBe(40)
  })

  it('is done in time by a slow reader with data always waiting', () => {
    expect(stuckAfter(3000, 3000)).toBe(undefined)
    expect(stuckAfter(3000, 10)).toBe(undefined)
  })
})

describe('docs/LIMITS.md', () => {
  const here = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
  const lines = readFileSync(here('docs/LIMITS.md'), 'utf8').split('\n')
  const rows = lines
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
  const { defaults, server } = JSON.parse(schemaText()).properties

  it('has a row for each limit, with its setting and its default', () => {
    expect(rows.map(([limit]) => limit)).toEqual([...LIMITS])
    for (const [limit = '', value] of rows) {
      const root = limit.startsWith('server.') ? { properties: { server } } : defaults
      expect({ limit, value }).toEqual({ limit, value: defaultOf(settingOf(root, limit)) })
    }
  })

  it('names for each first the test file that breaks it', () => {
    for (const [limit = '', , , , ...files] of rows) {
      const named = files.join().split(', ')
      expect(named.length).toBeGreaterThan(0)
      for (const file of named) expect(readFileSync(here(file), 'utf8')).toContain(limit.split('.').at(-1))
      expect(readFileSync(here(named[0] ?? ''), 'utf8')).toMatch(new RegExp(`^  async '?${limit}'?\\(\\) \\{$`, 'm'))
    }
  })
})

interface Schema {
  readonly properties?: Record<string, Schema>
  readonly default?: unknown
}

function settingOf(root: Schema, key: string): Schema {
  const setting = key.split('.').reduce<Schema | undefined>((schema, name) => schema?.properties?.[name], root)
  if (!setting) throw new Error(`expected "${key}" in the schema of rooms.json`)
  return setting
}

/** As the table writes it: `20 a second, 40 at once` for a rate. */
function defaultOf({ default: value, properties }: Schema): string {
  if (!properties) return value === undefined ? 'payload / 512, at least 144' : String(value)
  return `${properties.perSecond?.default} a second, ${properties.burst?.default} at once`
}
