/** The sums of all nodes: what the others answer, how long they are waited for, and how old it may be. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { OtherRooms } from '../../src/nodes/other-rooms.ts'
import type { Home } from '../../src/nodes/ownership.ts'
import type { LiveRooms } from '../../src/operations/elsewhere.ts'
import { liveEverywhere, liveRooms } from '../../src/operations/live-rooms.ts'
import type { RoomLine } from '../../src/operations/room-line.ts'
import { linkedNodes } from '../support/linked-nodes.ts'
import { MadeUpRoster } from '../support/made-up-roster.ts'
import { NotingWire } from '../support/noting-wire.ts'
import { ownerNode } from '../support/owner-node.ts'

const PATTERN = '/r/:name'

/** A line of rooms.json at another node: by name, how many are in each of its rooms. */
const line = (counts: Record<string, number>): LiveRooms => ({
  [PATTERN]: {
    members: Object.values(counts).reduce((sum, count) => sum + count, 0),
    open: Object.entries(counts).map(([name, members]) => ({ path: `/r/${name}`, members })),
  },
})

function roomLine(room: string): RoomLine {
  const counts = { members: 1, connections: 1, seq: 0, storageBytes: 0, alarms: 0, messagesPerSecond: 0 }
  return { room, module: 'm', state: 'open', ...counts, openedAt: 1, node: 'x' }
}

/** Node `a` asks `b` and `c`; two rooms are open at `a`. */
async function stage() {
  const { clock, nodes } = await linkedNodes('a', 'b', 'c')
  const [a, ...others] = nodes
  if (!a) throw new Error('expected a node')
  const answers: Record<string, () => LiveRooms | Promise<LiveRooms>> = {
    b: () => line({ big: 7, small: 1 }),
    c: () => line({ middle: 3 }),
  }
  const asked: string[] = []
  for (const { id, questions } of others) {
    questions.answer('live', z.undefined(), () => {
      asked.push(id)
      return answers[id]?.()
    })
  }
  const places: { home: Home; holder: string | undefined } = { home: { at: 'here' }, holder: undefined }
  const ownership = {
    find: async () => places.home,
    doubt() {},
    holderOf: async () => places.holder,
    known: () => undefined,
  }
  const elsewhere = new OtherRooms({ clock, links: a.links, ownership, roster: new MadeUpRoster('a', ['b', 'c']) })
  const here = ownerNode(defineRoom({ sends: { said: z.string() }, open: () => ({}) }))
  for (const [path, ...names] of [
    ['/r/own', 'ann', 'ben'],
    ['/r/other', 'cleo'],
  ] as const) {
    const brought = names.map((name) => ({ visitor: { id: name, name, client: name }, wire: new NotingWire() }))
    here.edge(`edge of ${path}`).attach(path, brought)
    await here.clock.advance(50)
  }
  const sums = async (ms = 100) => {
    const asking = liveEverywhere(here.rooms, elsewhere)
    await clock.advance(ms)
    return asking
  }
  return { clock, here, sums, answers, asked, elsewhere, others, places }
}

it('are of this node and of the others, each counted once, those with most members first', async () => {
  const { sums, asked } = await stage()
  expect(await sums()).toEqual({
    [PATTERN]: {
      members: 14,
      open: [
        { path: '/r/big', members: 7 },
        { path: '/r/middle', members: 3 },
        { path: '/r/own', members: 2 },
        { path: '/r/other', members: 1 },
        { path: '/r/small', members: 1 },
      ],
    },
  })
  expect(asked.sort()).toEqual(['b', 'c'])
})

it('list no more than a hundred rooms of a line, and count all', async () => {
  const { sums, answers } = await stage()
  answers.b = () => line(Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`b${at}`, 2])))
  const { members, open } = (await sums())[PATTERN] ?? { members: 0, open: [] }
  expect([members, open.length, open[0]?.path]).toEqual([306, 100, '/r/middle'])
})

it('do without a node that fails, and without one that does not answer within 2 s', async () => {
  const { sums, answers } = await stage()
  answers.b = () => {
    throw new Error('planned')
  }
  answers.c = () => new Promise(() => {})
  expect((await sums(2100))[PATTERN]?.members).toBe(3)
})

it('are asked for once a second, however often the lobby is', async () => {
  const { clock, sums, answers, asked } = await stage()
  await sums()
  answers.c = () => line({ middle: 4 })
  expect((await sums())[PATTERN]?.members).toBe(14)
  expect(asked).toHaveLength(2)
  await clock.advance(1000)
  expect((await sums())[PATTERN]?.members).toBe(15)
  expect(asked).toHaveLength(4)
})

it('pages of rooms are asked of all, from where the page begins and as long as it is', async () => {
  const { clock, elsewhere, others } = await stage()
  const queries: unknown[] = []
  for (const { id, questions } of others) {
    questions.answer('lines', z.unknown(), (query) => {
      queries.push(query)
      return [roomLine(`/r/${id}`)]
    })
  }
  const asking = elsewhere.lines({ after: '/r/a', limit: 3 })
  await clock.advance(100)
  expect((await asking).map(({ room }) => room)).toEqual(['/r/b', '/r/c'])
  expect(queries).toEqual(Array(2).fill({ after: '/r/a', limit: 3 }))
})

it('an act on a room is run where it lives, or where a closed one is remembered; else here', async () => {
  const { clock, elsewhere, others, places } = await stage()
  const asked: unknown[] = []
  for (const { id, questions } of others) {
    questions.answer('act', z.unknown(), (args) => {
      asked.push([id, args])
      return `of ${id}`
    })
  }
  const run = async () => {
    const running = elsewhere.run('/r/one', 'restart', { room: '/r/one' })
    // It is found first.
    for (let turns = 0; turns < 10; turns += 1) await clock.settled()
    await clock.advance(100)
    return running
  }
  expect([await run(), asked]).toEqual([undefined, []])
  places.holder = 'c'
  expect(await run()).toEqual({ answer: 'of c' })
  places.home = { at: 'there', node: 'b', term: 1 }
  expect(await run()).toEqual({ answer: 'of b' })
  const args = { act: 'restart', asked: { room: '/r/one' } }
  expect(asked).toEqual([
    ['c', args],
    ['b', args],
  ])
})

it('count members, also those whose connection is lost for a moment', async () => {
  const { here } = await stage()
  const { room } = here.rooms.at('/r/own') ?? {}
  const session = room?.join({ id: 'dan', name: 'dan', client: 'dan' }, new NotingWire(), 'now')
  session?.gone(true)
  expect([room?.connected, liveRooms(here.rooms)[PATTERN]?.members]).toEqual([2, 4])
})
