/** How long a room that has come from another node says that its peers may not all be here. */
import { expect, it } from 'vitest'
import { defineRoom } from '../../src/define.ts'
import { Settling } from '../../src/nodes/owner/settling.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { EDGE } from '../support/coupled-edge.ts'
import { edgeCluster } from '../support/edge-cluster.ts'
import { NotingWire } from '../support/noting-wire.ts'
import { ownerNode } from '../support/owner-node.ts'

it('a second at most, whoever is missing, also where nobody knows who is', async () => {
  const clock = handClock()
  const settling = new Settling(clock)
  settling.began('/known', ['a', 'b'])
  settling.began('/unknown')
  settling.began('/nobody', [])
  settling.brought('/known', 'a')
  settling.brought('/unknown', 'a')
  await clock.advance(999)
  const state = () => ['/known', '/unknown', '/nobody', '/other'].map((path) => settling.isSettling(path))
  expect(state()).toEqual([true, true, false, false])
  await clock.advance(1)
  expect(state()).toEqual([false, false, false, false])
})

it('an edge has brought its peers when all that it attached with are in', async () => {
  const node = ownerNode(defineRoom({ sends: {}, open: () => ({}) }))
  const edge = node.edge('b')
  const peers = Array.from({ length: 300 }, (_, at) => ({
    visitor: { id: `p${at}`, name: `p${at}` },
    wire: new NotingWire(),
  }))
  edge.attach('/room', peers)
  expect(node.brought).toEqual([])
  await node.clock.advance(50)
  expect([node.brought, node.room().size]).toEqual([['b /room'], 300])
})

it('this node has brought its own when the room is here and they are in', async () => {
  const { clock, edge, join, move } = await edgeCluster()
  const joins = [join('ann'), join('ben')]
  await clock.advance(100)
  await Promise.all(joins)
  expect(edge.brought).toEqual([])
  move(EDGE)
  await clock.advance(1000)
  expect(edge.brought).toEqual([`${EDGE} /room`])
})
