/** What the log asks at start whether it may run it is all that it runs. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { COMMANDS } from '../../src/log/redis/scripts/rights.ts'

const FOLDER = new URL('../../src/log/redis/', import.meta.url)

it('names every command that the scripts and the log call, and no other', () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const called = files.flatMap((file) => [
    ...readFileSync(new URL(file, FOLDER), 'utf8').matchAll(
      /(?:redis\.p?call|\bcommand)\('([A-Z]+)'(?:, '(STREAM)')?/g,
    ),
  ])
  const names = called.map(([, name, more]) => (more === undefined ? name : `${name} ${more}`))
  expect([...COMMANDS].sort()).toEqual([...new Set(names)].sort())
})
