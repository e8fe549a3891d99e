/** What is logged of the ends of links: a line for a pair of nodes, though it may have a link each way. */
import { expect, it } from 'vitest'
import { DELAY_MS, linkedNodes } from '../support/linked-nodes.ts'

async function bothWays() {
  const stage = await linkedNodes('a', 'b')
  const [a, b] = stage.nodes
  if (!a || !b) throw new Error('expected two nodes')
  const dialBoth = () => Promise.all([stage.dial(a, b), stage.dial(b, a)])
  await dialBoth()
  const lines = () => a.logged.filter((line) => line.startsWith('a link to another node is over'))
  return { ...stage, a, b, dialBoth, lines }
}

it('a pair of nodes that loses both its links is one line on each', async () => {
  const { a, clock, network, lines } = await bothWays()
  network.crash('b')
  await clock.advance(DELAY_MS)
  expect([a.over.dialled.length, a.over.accepted.length]).toEqual([1, 1])
  expect(lines()).toEqual(['a link to another node is over: connection reset'])
})

it('silence, which is noticed on one link after the other, is one line too', async () => {
  const { a, clock, network, lines } = await bothWays()
  network.block('b', 'a')
  await clock.advance(5000)
  expect([a.over.dialled.length, a.over.accepted.length]).toEqual([1, 1])
  expect(lines().length).toBe(1)
})

it('a link that ends alone, later, or again is a line of its own', async () => {
  const { a, clock, network, dial, dialBoth, lines, nodes } = await bothWays()
  a.links.known('b')?.close('the test')
  await clock.advance(10_000)
  expect(lines().length).toBe(1)
  network.cut('a', 'b')
  await clock.advance(10_000)
  expect(lines().length).toBe(2)
  await dialBoth()
  network.cut('a', 'b')
  await clock.advance(DELAY_MS)
  expect(lines().length).toBe(3)
  const [, b] = nodes
  if (b) await dial(a, b)
  network.cut('a', 'b')
  await clock.advance(DELAY_MS)
  expect(lines().length).toBe(4)
})
