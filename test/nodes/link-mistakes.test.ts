/** What another node says by mistake: it ends the link, and nothing else. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { readBatch } from '../../src/nodes/link-batch.ts'
import type { ToOwner } from '../../src/nodes/link-message.ts'
import { MalformedError } from '../../src/nodes/link-shapes.ts'
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

const joins = (visitor: object, more: object = {}) => {
  const peer = { session: 1, visitor: { id: 'ann', name: 'ann', ...visitor }, isMoved: false, begunMs: 0, ...more }
  return { op: 'join', place: 1, peer }
}
const refuses = (more: object) => ({
  ...{ op: 'refused', place: 1 },
  refusal: { status: 503, code: 'full', message: 'no', headers: {}, ...more },
})
const ends = (reason: object) => ({ op: 'end', place: 1, session: 1, reason: { code: 1012, reason: '', ...reason } })

it.each([
  ['join', joins({ claims: { sub: 'ann' }, via: 'socketio' }, { offset: 'now' }), joins({ name: 4 })],
  ['join', joins({ untilMs: 5.5 }), joins({ id: '' })],
  ['join', joins({ client: 'c' }), joins({ claims: ['admin'] })],
  ['join', joins({ via: 'http' }), joins({ via: 'admin' })],
  ['join', joins({}, { offset: '-1' }), joins({}, { offset: '../9' })],
  ['refused', refuses({}), refuses({ status: 200 })],
  ['refused', refuses({ headers: { 'Retry-After': '1' } }), refuses({ headers: { Allow: 'a\r\nb' } })],
  ['refused', refuses({ limit: 'instances' }), refuses({ limit: '__proto__' })],
  ['end', ends({ code: 4403 }), ends({ code: 1006 })],
  ['end', ends({ reason: 'x'.repeat(123) }), ends({ reason: 'é'.repeat(62) })],
  ['over', { op: 'over', place: 1 }, { op: 'over', place: 1, to: 7 }],
])('"%s" is taken as it should be, and not with another value', (_, right, wrong) => {
  const read = (message: object) => readBatch(batchOf(JSON.stringify([message])))
  expect(read(right)).toEqual([right])
  expect(() => read(wrong)).toThrow(MalformedError)
})

it('an answer in a frame has its shape', () => {
  const read = (answer: string) => {
    const frame = Buffer.from(`e3;0;0;0;${answer.length};ack${answer}`)
    const head = `[[0,1,[${frame.length}]]]`
    const bytes = Buffer.concat([batchOf(head), frame])
    bytes.writeUInt32BE(head.length)
    return readBatch(bytes)
  }
  expect(read('{"id":"a","seq":1,"kept":"os"}').length).toBe(1)
  for (const wrong of ['null', '{"id":1}', '{"seq":-1}', '[]']) expect(() => read(wrong)).toThrow(MalformedError)
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

it.each([
  ['a question with something else than it takes', 'sums', { of: '3' }],
  ['an answer that is none to the question', 'wrong', { of: 3 }],
])('%s ends the link, is told, and fails who waits', async (_, name, args) => {
  const { nodes, dial, clock } = await linkedNodes('a', 'b')
  const [a, b] = nodes
  if (!a || !b) throw new Error('expected two nodes')
  const link = await dial(a, b)
  const shape = z.object({ of: z.number() })
  b.questions.answer('sums', shape, (given) => given)
  b.questions.answer('wrong', shape, ({ of }) => ({ of: String(of) }))
  expect(await Promise.all([link.ask('sums', shape, { of: 3 }), clock.advance(20)])).toMatchObject([
    { of: 3 },
    undefined,
  ])
  const asked = expect(link.ask(name, shape, args)).rejects.toMatchObject({ code: 'unavailable' })
  await clock.advance(1000)
  await asked
  expect([...a.logged, ...b.logged].filter((line) => line.startsWith('what another node'))).toEqual([
    'what another node said could not be taken',
  ])
  expect(link.isOver).toBe(true)
})

it('what cannot be read is told with the place in it', async () => {
  const { nodes, dial, clock } = await linkedNodes('a', 'b')
  const [a, b] = nodes
  if (!a || !b) throw new Error('expected two nodes')
  const link = await dial(a, b)
  const peer = { session: 1, visitor: { id: 'ann', name: 4 }, isMoved: false, begunMs: 0 }
  const read = () => readBatch(batchOf(JSON.stringify([{ op: 'join', place: 1, peer }])))
  expect(read).toThrow('"join": Invalid input: expected string, received number at peer.visitor.name')
  const { closed } = link.hearWith({ message() {}, over() {} })
  closed('it said what could not be read', new Error('the place'))
  await clock.advance(0)
  expect(a.logged).toEqual([
    'what another node said could not be read',
    'a link to another node is over: it said what could not be read',
  ])
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
