/** A node that ends hands its rooms to others: who gets which, and what the edges and the room's code hear. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../src/define.ts'
import { DialError } from '../../src/nodes/network.ts'
import { HandOver } from '../../src/nodes/owner/hand-over.ts'
import { ENDING } from '../../src/nodes/owner/taking.ts'
import type { NodeEntry } from '../../src/nodes/roster.ts'
import type { MadeUpEdge } from '../support/made-up-edge.ts'
import { NotingWire } from '../support/noting-wire.ts'
import { ownerNode } from '../support/owner-node.ts'

const calls: string[] = []
/** What the author's `close` of one room, and the `open` of another, wait for. */
let slow: Promise<void> | undefined
const definition = defineRoom({
  receives: { say: z.string() },
  open: async (room) => {
    if (room.path === '/r/late') await slow
    return {
      join: ({ name }) => void calls.push(`join ${room.path} ${name}`),
      leave: ({ name }) => void calls.push(`leave ${room.path} ${name}`),
      close() {
        calls.push(`close ${room.path}`)
        return room.path === '/r/slow' ? slow : undefined
      },
      receive: { say: (_, text) => void calls.push(`say ${room.path} ${text}`) },
    }
  },
})

const entry = (id: string, startedMs: number, isDraining = false): NodeEntry => ({
  ...{
    id,
    startedMs,
    isDraining,
    address: '',
    protocol: 1,
    configHash: '',
    modulesHash: '',
    version: '',
    hears: true,
    cannotReach: [],
    knowsTime: true,
  },
})

function stage(others: readonly NodeEntry[]) {
  calls.length = 0
  const node = ownerNode(definition)
  const { clock, rooms, guests, logger } = node
  const asked: string[] = []
  const own: string[] = []
  const unreached: string[] = []
  const ending: string[] = []
  const warnings: unknown[] = []
  const ask = async <T>(to: string, name: string, shape: z.ZodType<T>, args: unknown) => {
    asked.push(`${to} ${name} ${JSON.stringify(args)}`)
    if (ending.includes(to)) throw new RoomError(ENDING, 'it ends too')
    return shape.parse(undefined)
  }
  const handOver = new HandOver({
    ...{ clock, rooms, guests },
    logger: { ...logger, warn: (fields: unknown) => void warnings.push(fields) },
    roster: { self: 'self', all: () => [entry('self', 9999), ...others] },
    links: {
      async to(node) {
        if (unreached.includes(node)) throw new DialError('refused', 'nobody listens')
        return { node, ask: (name, shape, args) => ask(node, name, shape, args) }
      },
    },
    ownPeers: { hold: (path) => own.push(`hold ${path}`), follow: (path, heir) => own.push(`follow ${path} ${heir}`) },
  })
  const run = async (ms = 3000) => {
    const done = handOver.run(ms)
    // What needs no time comes first.
    for (let turns = 0; turns < 10; turns += 1) await clock.settled()
    await clock.advance(3000)
    await done
  }
  const join = async (edge: MadeUpEdge, path: string, ...names: string[]) => {
    const brought = names.map((name) => ({ visitor: { id: name, name, client: name }, wire: new NotingWire() }))
    edge.attach(path, brought)
    await clock.advance(50)
    return brought.map(({ wire }) => wire)
  }
  return { ...node, handOver, run, join, asked, own, unreached, ending, warnings }
}

const heard = ({ heard: all }: MadeUpEdge) => all.filter(({ op }) => op !== 'items' && op !== 'attached')

it('goes to the node that has most of its peers', async () => {
  const { edge, run, join, asked, own, rooms } = stage([entry('b', 1), entry('c', 2)])
  const [b, c] = [edge('b'), edge('c')]
  const wires = await join(b, '/room', 'ann', 'ben')
  await join(c, '/room', 'cat')
  await run()
  expect(asked).toEqual(['b take {"path":"/room","edges":["b","c"]}'])
  for (const one of [b, c])
    expect(heard(one)).toEqual([
      { op: 'moving', place: 7 },
      { op: 'over', place: 7, to: 'b' },
    ])
  // Their connections stay.
  for (const { notes } of wires) expect(notes).toEqual([])
  expect(calls.slice(3)).toEqual(['close /room'])
  expect(own).toEqual(['hold /room', 'follow /room b'])
  expect(rooms.at('/room')).toBe(undefined)
})

it('goes to the most recently started of those that stay, if no other node has peers', async () => {
  const { edge, run, join, asked } = stage([entry('b', 5), entry('c', 7), entry('d', 9, true)])
  await join(edge('self'), '/room', 'ann')
  await run()
  expect(asked).toEqual(['c take {"path":"/room","edges":["self"]}'])
})

it('goes with the names of the nodes that have peers in it, this one included', async () => {
  const { edge, run, join, asked, room } = stage([entry('b', 5)])
  await join(edge('b'), '/room', 'ann')
  room('/room').join({ id: 'ben', name: 'ben', client: 'ben' }, new NotingWire(), 'now')
  await run()
  expect(asked).toEqual(['b take {"path":"/room","edges":["b","self"]}'])
})

it('goes to one that stays, once another has said that it ends too', async () => {
  const { edge, run, join, asked, ending } = stage([entry('b', 5), entry('c', 7)])
  ending.push('c')
  for (let at = 0; at < 70; at += 1) await join(edge('c'), `/r/${at}`, 'ann')
  await run()
  const heirs = asked.map((line) => line.slice(0, 1))
  expect([heirs.slice(0, 64).includes('b'), heirs.slice(64).includes('c'), heirs.length]).toEqual([false, false, 70])
})

it('goes to the next if one cannot be reached, and stays if none can', async () => {
  const { edge, run, join, asked, unreached } = stage([entry('b', 5), entry('c', 7)])
  unreached.push('c')
  await join(edge('self'), '/room', 'ann')
  await run()
  expect(asked).toEqual(['b take {"path":"/room","edges":["self"]}'])
  const again = stage([entry('b', 5), entry('c', 7)])
  again.unreached.push('b', 'c')
  await again.join(again.edge('b'), '/room', 'ann')
  await again.run()
  expect([again.asked, again.room().count]).toEqual([[], 1])
})

it('stays where nobody else lives, and where nobody is in it', async () => {
  const alone = stage([entry('d', 9, true)])
  await alone.join(alone.edge('b'), '/room', 'ann')
  await alone.run()
  expect([alone.asked, alone.own, alone.room().count]).toEqual([[], [], 1])

  const empty = stage([entry('b', 1)])
  await empty.join(empty.edge('b'), '/room')
  await empty.run()
  expect([empty.asked, empty.room().count]).toEqual([[], 0])
})

it('opens no room any more for an edge that comes later', async () => {
  const { edge, run, join } = stage([entry('b', 1)])
  await join(edge('b'), '/room', 'ann')
  await run()
  const [late, other] = [edge('c'), edge('d')]
  await join(late, '/room', 'ben')
  await join(other, '/r/new', 'cat')
  expect(late.heard).toEqual([{ op: 'over', place: 7, to: 'b' }])
  expect(other.heard).toEqual([{ op: 'over', place: 7, to: undefined }])
})

it('hears what was on its way before it closes, and waits for no edge that says nothing', async () => {
  const { edge, handOver, join, clock, rooms } = stage([entry('b', 1)])
  const b = edge('b')
  await join(b, '/room', 'ann')
  b.isQuick = false
  const ended = handOver.run(3000)
  await clock.advance(50)
  b.say({ op: 'receive', place: 7, session: 1, data: '{"type":"say","data":"late"}', ref: undefined })
  expect(rooms.at('/room')?.room.isClosed).toBe(false)
  await clock.advance(3000)
  await ended
  expect(calls.slice(1)).toEqual(['say /room late', 'close /room'])
})

it('hands over as many as it has the time for', async () => {
  const { edge, run, join, asked } = stage([entry('b', 1)])
  for (let at = 0; at < 70; at += 1) await join(edge('b'), `/r/${at}`, 'ann')
  await run(0)
  expect(asked.length).toBe(0)
  await run()
  expect(asked.length).toBe(70)
})

it('begins no more after its time, and waits as long again for what it has begun', async () => {
  const { edge, handOver, join, clock, asked, warnings } = stage([entry('b', 1)])
  for (const name of ['quick', 'slow']) await join(edge('b'), `/r/${name}`, 'ann')
  slow = new Promise((resolve) => void clock.after(2500, resolve))
  let isDone = false
  const done = handOver.run(1000).then(() => {
    isDone = true
  })
  // What needs no time comes first.
  for (let turns = 0; turns < 10; turns += 1) await clock.settled()
  await clock.advance(1999)
  expect([asked, isDone]).toEqual([['b take {"path":"/r/quick","edges":["b"]}'], false])
  await clock.advance(1)
  await done
  expect(warnings).toEqual([{ rooms: 1 }])
  // It has closed by now, and is handed over all the same.
  await clock.advance(3000)
  expect(asked).toEqual(['b take {"path":"/r/quick","edges":["b"]}', 'b take {"path":"/r/slow","edges":["b"]}'])
})

it('opened while others were handed over: it is handed over too', async () => {
  const { edge, handOver, join, clock, asked } = stage([entry('b', 1)])
  const b = edge('b')
  await join(b, '/room', 'ann')
  b.isQuick = false
  slow = new Promise((resolve) => void clock.after(100, resolve))
  edge('c').attach('/r/late', [{ visitor: { id: 'ben', name: 'ben', client: 'ben' }, wire: new NotingWire() }])
  await clock.advance(10)
  const ended = handOver.run(3000)
  await clock.advance(3000)
  await ended
  expect(asked).toEqual(['b take {"path":"/room","edges":["b"]}', 'b take {"path":"/r/late","edges":["c"]}'])
})
