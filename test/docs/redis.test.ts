/** docs/REDIS.md, held to the code: the forms of the URL, the warnings, and what its settings give. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { parseAddress } from '../../src/log/redis/address.ts'
import { openRedis } from '../../src/log/redis/open.ts'
import { need } from '../support/components.ts'
import { RedisServer } from '../support/redis.ts'

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
const page = read('docs/REDIS.md')
const sections = new Map(page.split(/^## /m).map((part) => [part.split('\n', 1)[0] ?? '', part]))
/** The first codes of the rows of a section's table. */
const rows = (heading: string) =>
  [...(sections.get(heading) ?? '').matchAll(/^\| `([^`]+)` \|/gm)].map(([, code = '']) => code)

describe('docs/REDIS.md', () => {
  it('names forms of REDIS_URL that are read', () => {
    const kinds = rows('REDIS_URL').map((url) => parseAddress(url).kind)
    expect(kinds).toEqual(['single', 'single', 'single', 'sentinel', 'cluster'])
    for (const [, url = ''] of page.matchAll(/REDIS_URL=(\S+)/g)) expect(parseAddress(url).kind).toBe('single')
  })

  it('names every warning', () => {
    const kinds = [...read('src/log/redis/judgement.ts').matchAll(/^ +kind: '(\w+)',$/gm)].map(([, kind]) => kind)
    expect(kinds.length).toBeGreaterThan(4)
    expect(rows('Warnings')).toEqual(kinds)
  })

  it('says what each level of `kept` means', () => {
    expect(rows('What `kept` means')).toEqual(['kept', 'fsync', 'replicated', 'memory'])
  })
})

describe('the settings of docs/REDIS.md', () => {
  const command = need('redis')

  it('give a Redis that keeps on disk what it acknowledges, and is warned of nothing', async () => {
    const lines = [...(sections.get('Settings of Redis') ?? '').matchAll(/^ {4}(\S+) (.*)$/gm)]
    const settings = Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value]))
    expect(Object.keys(settings)).toContain('maxmemory-policy')
    const redis = await RedisServer.start(command ?? '', settings)
    const quiet = { debug() {}, info() {}, warn() {}, error() {} }
    const { health, close } = await openRedis(redis.url, systemClock(), quiet)
    try {
      expect(health).toMatchObject({ kept: 'fsync', trouble: undefined, warnings: [], wasReached: true })
    } finally {
      close()
      await redis.remove()
    }
  })
})
