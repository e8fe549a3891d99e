/** Ids that clients choose, each within its principal: no two that differ are ever one (catalogue: AU5). */
import { expect, it } from 'vitest'
import { scoped } from '../../src/gate/identity.ts'
import { tell } from '../support/figures.ts'
import { seeded } from '../support/random.ts'
import { amount } from '../support/scale.ts'

const PAIRS = amount(50_000, 1_000_000)

it('no two pairs of principal and id have one scope, whatever separators they are made of', () => {
  const random = seeded(5)
  const pieces = [
    '',
    ' ',
    '0',
    '1',
    '2',
    '3',
    '10',
    'a',
    ' a',
    'a ',
    ':',
    '/',
    '|',
    ',',
    '\0',
    '\n',
    '_',
    '.',
    '%20',
    '""',
    '"',
    '\\',
  ]
  const word = () => Array.from({ length: 1 + random.below(4) }, () => random.pick(pieces)).join('')
  const seen = new Map<string, string>()
  let collisions = 0
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const principal = random.oneIn(4) ? undefined : word() || 'a'
    const id = word()
    const scope = scoped(id, principal)
    const identity = JSON.stringify([principal ?? null, id])
    const other = seen.get(scope) ?? identity
    if (other !== identity) collisions += 1
    seen.set(scope, identity)
  }
  tell('AU5', 'collisions', `${collisions} of ${PAIRS}`)
  expect(collisions).toBe(0)
  expect(seen.size).toBeGreaterThan(PAIRS / 10)
})

it('a guest’s id is no principal’s, though it may look like one', () => {
  const looks = scoped('p', 'ann')
  expect(scoped(looks, undefined)).not.toBe(looks)
  expect(scoped('p', undefined)).toBe('p')
})
