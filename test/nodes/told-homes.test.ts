/** Where a room lives, told by other nodes to one that is cut off from Redis. */
import { expect, it } from 'vitest'
import type { Home } from '../../src/nodes/ownership.ts'
import { tellHomes, toldHome } from '../../src/nodes/told-homes.ts'
import { linkedNodes } from '../support/linked-nodes.ts'

/** `a` is linked with the others, which know the home of every room, or have not heard of Redis for long. */
async function stage(homes: Readonly<Record<string, { readonly home: Home; readonly redisAgeMs?: number }>>) {
  const linked = await linkedNodes('a', ...Object.keys(homes))
  const [a, ...others] = linked.nodes
  if (!a) throw new Error('expected a node')
  for (const other of others) {
    const { home = { at: 'here' }, redisAgeMs = 0 } = homes[other.id] ?? {}
    const roster = { self: other.id, redisAgeMs }
    tellHomes(other.questions, roster, { find: async () => home, termOf: () => 3 })
    await linked.dial(a, other)
  }
  const ask = async () => {
    const told = toldHome(a.links.all(), 'a', '/room')
    await linked.clock.advance(100)
    return Promise.race([told, Promise.resolve('nothing yet')])
  }
  return { ...linked, others, ask }
}

it('is what a node says that Redis answers', async () => {
  const there = { at: 'there', node: 'd', term: 7 } as const
  const { ask } = await stage({ b: { home: { at: 'here' }, redisAgeMs: 3000 }, c: { home: there } })
  expect(await ask()).toEqual(there)
})

it('is the node that says it has the room itself', async () => {
  const { ask } = await stage({ b: { home: { at: 'here' } } })
  expect(await ask()).toEqual({ at: 'there', node: 'b', term: 3 })
})

it('is told though another node is frozen', async () => {
  const { ask, freeze, others } = await stage({ b: { home: { at: 'here' } }, c: { home: { at: 'here' } } })
  const [b] = others
  if (!b) throw new Error('expected two others')
  freeze(b)
  expect(await ask()).toEqual({ at: 'there', node: 'c', term: 3 })
})

it('is not known where nobody knows, or it is said to be at the node that asks', async () => {
  const { ask } = await stage({
    b: { home: { at: 'there', node: 'a', term: 1 } },
    c: { home: { at: 'here' }, redisAgeMs: 3000 },
  })
  expect(await ask()).toBeUndefined()
})
