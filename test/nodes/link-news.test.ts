/** What links tell of other nodes, and what they ask: each try to dial one, that one ends, that one has just started. */
import { expect, it } from 'vitest'
import { DELAY_MS, linkedNodes } from '../support/linked-nodes.ts'

it('a node that is refused again and again stands in the log once, and beats hear of each try', async () => {
  const { dial, network, clock, nodes } = await linkedNodes('a', 'b')
  const [a, b] = nodes
  if (!a || !b) throw new Error('expected two nodes')
  network.refuse('a', 'b')
  for (let tries = 0; tries < 3; tries += 1) {
    await expect(dial(a, b)).rejects.toMatchObject({ failure: 'refused' })
    await clock.advance(200)
  }
  network.refuse('a', 'b', false)
  expect((await dial(a, b)).node).toBe('b')
  expect(a.logged).toEqual(['no link to another node: b:1: connection refused'])
  expect(a.tries).toEqual(['b refused', 'b refused', 'b refused', 'b reached'])
})

it('a node that ends says so on all its links, whoever dialled', async () => {
  const { dial, clock, nodes } = await linkedNodes('a', 'b', 'c')
  const [a, b, c] = nodes
  if (!a || !b || !c) throw new Error('expected three nodes')
  await dial(a, b)
  await dial(c, a)
  await a.links.close()
  await clock.advance(2 * DELAY_MS)
  expect([b.tries, c.tries]).toEqual([['a ended'], ['a reached', 'a ended']])
})

it('a node that has just started is dialled: Redis is asked for it, but not again and again', async () => {
  const { clock, nodes } = await linkedNodes('a', 'b')
  const [a, b] = nodes
  if (!a || !b) throw new Error('expected two nodes')
  a.unseen.add('b')
  const link = a.links.to('b')
  await clock.settled()
  await clock.advance(4 * DELAY_MS)
  expect((await link).node).toBe('b')
  // A client may have made it up.
  a.unseen.add('c')
  await expect(a.links.to('c')).rejects.toThrow('it is not among the nodes that live')
  expect([a.unseen.size, a.logged]).toEqual([1, []])
})
