/** What another node says by mistake: it ends the link, and nothing else. */
import { expect, it } from 'vitest'
import { defineRoom } from '../../src/define.ts'
import { readBatch } from '../../src/nodes/link-batch.ts'
import type { ToOwner } from '../../src/nodes/link-message.ts'
import { linkedNodes } from '../support/linked-nodes.ts'
import { NotingWire } from '../support/noting-wire.ts'
import { ownerNode } from '../support/owner-node.ts'

/** A batch with this head, as a node of another version might say it. */
function batchOf(head: string): Buffer {
  const bytes = Buffer.from(`\0\0\0\0${head}`)
  bytes.writeUInt32BE(bytes.length - 4)
  return bytes
}

it.each([
  ['a number that is a text', '[{"op":"written","place":1,"session":1,"bytes":"9"}]'],
  ['a number that is none', '[{"op":"written","place":1,"session":1,"bytes":null}]'],
  ['a number without an end', '[{"op":"rest","place":1,"session":1,"ms":1e999}]'],
  ['an age that is none', '[{"op":"status","redisAgeMs":null}]'],
  ['a place that is none', '[[0,null,[]]]'],
  ['a session that is none', '[[1,1,"1",null,0,1]]'],
  ['bytes before the first', '[[1,1,1,null,-4,1]]'],
  ['a message that is none', '[null]'],
])('a batch with %s is none', (_, head) => {
  expect(() => readBatch(batchOf(head))).toThrow()
})

it('a frame that is longer than its bytes is none', () => {
  const head = '[[0,1,[10]]]'
  const bytes = Buffer.concat([batchOf(head), Buffer.from('e99;0;0;0;0;other frames are behind it')])
  bytes.writeUInt32BE(head.length)
  expect(() => readBatch(bytes)).toThrow('expected a whole frame')
})

it('what a listener cannot take ends the link, and is told', async () => {
  const { nodes, dial, clock } = await linkedNodes('a', 'b')
  const [a, b] = nodes
  if (!a || !b) throw new Error('expected two nodes')
  const link = await dial(a, b)
  b.heard.accepted.push = () => {
    throw new TypeError('not a list')
  }
  link.send({ op: 'detach', place: 1 })
  await clock.advance(1000)
  expect(b.logged).toContain('what another node said could not be taken')
  expect([a.over.dialled.length, b.over.accepted.length]).toEqual([1, 1])
  expect(b.over.accepted[0]).toBe('it said what could not be taken')
})

it('a peer that is none, among those of a room that has moved, is told to the edge that brings it', async () => {
  const node = ownerNode(defineRoom({ open: () => ({}) }))
  const edge = node.edge()
  const peers = Array.from({ length: 300 }, (_, at) => ({ session: at, offset: undefined, isMoved: true, begunMs: 0 }))
  const brought = peers.map((peer, at) => (at < 200 ? { ...peer, visitor: { id: `p${at}`, name: `p${at}` } } : null))
  // As another version might say it.
  edge.say({ op: 'attach', place: 7, path: '/room', kind: 'raw', term: 1, peers: brought } as unknown as ToOwner)
  await node.clock.advance(50)
  expect(edge.heard.filter(({ op }) => op !== 'items').map(({ op }) => op)).toEqual(['attached', 'refused'])
  edge.join({ id: 'ann', name: 'ann' }, new NotingWire())
  await node.clock.advance(50)
  expect(node.errors.length).toBe(1)
})
