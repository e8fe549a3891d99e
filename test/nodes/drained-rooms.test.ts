/**
 * A node that ends has not handed all of its rooms over in time: they close with it. Where other nodes go on, the peers of
 * those stay connected; only this node's own are sent away.
 */
import { beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { drain } from '../../src/operations/drain.ts'
import { NotingWire } from '../support/noting-wire.ts'
import { ownerNode } from '../support/owner-node.ts'
import { seededRandom } from '../support/seeded-random.ts'

const calls: string[] = []
const definition = defineRoom({
  receives: { say: z.string() },
  open: (room) => ({
    leave: ({ name }) => void calls.push(`leave ${room.path} ${name}`),
    close: () => void calls.push(`close ${room.path}`),
    receive: { say: () => new Promise(() => {}) },
  }),
})
const DRAIN_MS = 10_000

beforeEach(() => {
  calls.length = 0
})

async function stage(othersGoOn: boolean, paths: readonly string[]) {
  const node = ownerNode(definition)
  const { clock, rooms } = node
  const edges = paths.map((path) => {
    const edge = node.edge('b')
    const wire = new NotingWire()
    edge.attach(path, [{ visitor: { id: 'far', name: 'far', client: 'far' }, wire }])
    return { edge, wire }
  })
  await clock.advance(50)
  const near = paths.map((path) => {
    const wire = new NotingWire()
    const session = node.room(path).join({ id: 'near', name: 'near', client: 'near' }, wire, 'now')
    return { wire, session }
  })
  await clock.advance(50)
  const handedOver: number[] = []
  const nodes = {
    async handOver(ms: number) {
      handedOver.push(ms)
      return othersGoOn
    },
    ownPeers: { left: () => 0, dismiss: () => ({ dismissed: 0, gone: Promise.resolve() }) },
  }
  const begunMs = clock.monotonic()
  const ends: number[] = []
  const late = { ms: 0 }
  const busy = { ...clock, monotonic: () => clock.monotonic() + late.ms }
  const random = seededRandom(1)
  const ended = drain({
    ...{ rooms, clock: busy, random, drainMs: DRAIN_MS, noticeMs: 0, node: nodes },
    answered: async () => {},
  })
  void ended.then(() => ends.push(clock.monotonic() - begunMs))
  return { clock, rooms, edges, near, ends, handedOver, late }
}

it('peers of other nodes stay where they are, and find the room again', async () => {
  const { clock, edges, near, rooms, ends, handedOver } = await stage(true, ['/r/one', '/r/two'])
  await clock.advance(1000)
  for (const { wire } of near) expect(wire.notes).toEqual(['close 1012'])
  for (const { edge, wire } of edges) {
    expect(edge.heard.filter(({ op }) => op === 'over' || op === 'close')).toEqual([
      { op: 'over', place: 7, to: undefined },
    ])
    expect(wire.notes).toEqual([])
  }
  expect(calls).toEqual(['leave /r/one near', 'leave /r/two near', 'close /r/one', 'close /r/two'])
  expect([[...rooms.open()], ends.length, handedOver]).toEqual([[], 1, [0.3 * DRAIN_MS]])
})

it('where no other node goes on, all are asked to come back', async () => {
  const { clock, edges, near } = await stage(false, ['/room'])
  await clock.advance(1000)
  for (const { wire } of [...near, ...edges]) expect(wire.notes).toEqual(['close 1012'])
})

it('peers are dismissed in waves, and all of the rest where that has taken too long', async () => {
  const paths = Array.from({ length: 1200 }, (_, at) => `/r/${at}`)
  const { clock, near, late } = await stage(true, paths)
  const gone = () => near.filter(({ wire }) => wire.isClosed).length
  await clock.advance(1)
  expect(gone()).toBe(500)
  // The machine is busy: the timer for the next wave comes late.
  late.ms = 6000
  await clock.advance(100)
  expect(gone()).toBe(1200)
})
