/** Alarms of rooms that several nodes see: each rings once, on one node, in time, whoever dies. */
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { bucketOf } from '../../src/log/redis/keys.ts'
import { NodeAlarmTurns } from '../../src/nodes/alarm-turns.ts'
import { AlarmBook } from '../../src/room/alarm-book.ts'
import { AlarmOpenings, type AlarmOpeningsParts } from '../../src/room/alarm-openings.ts'
import { draft } from '../support/log-under-test.ts'
import { DURABLE, ModelNodes, type OwningNode, PASSING } from '../support/owned-logs.ts'
import { SILENT } from '../support/places.ts'

let nodes: ModelNodes
let all: OwningNode[]
/** What rang: `node path`, and when. */
let rang: [who: string, atMs: number][]
/** Nodes whose links refuse. */
const refusing = new Set<string>()
const gone = new Map<string, () => void>()
let startMs: number
const retentions = new Map<string, typeof DURABLE>()

type Route = NonNullable<ReturnType<AlarmOpeningsParts['routeOf']>>

/** A node that rings the alarms of rooms that it opens for them. */
async function ringing(id: string): Promise<OwningNode> {
  const node = await nodes.node(id)
  const { clock } = nodes
  const turns = new NodeAlarmTurns({
    ...{ clock, claims: node.claims, roster: node.roster, ownership: node.owners },
    remembers: (path, number) => node.remembers(path, number),
    reach: async (other, path) => refusing.has(other) && node.owners.doubt(path, other, 'refused'),
  })
  const runAlarms = async ({ path }: Route) => {
    const room = await node.open(path, retentions.get(path))
    const due = [...room.takeState().alarms].filter(([, at]) => at <= clock.now())
    for (const [name] of due) {
      await room.append([], [], { alarms: new Map([[name, undefined]]) })
      rang.push([`${id} ${path}`, clock.now() - startMs])
    }
    await room.close()
  }
  const openings = new AlarmOpenings({
    ...{ clock, turns, log: node.log, alarmBook: new AlarmBook(), logger: SILENT },
    // An open room rings by itself; those of this test do not.
    rooms: { at: (path) => (node.log.claimOf(path) ? ({} as never) : undefined), runAlarms },
    routeOf: (path) => ({ path }) as Route,
  })
  gone.set(id, () => turns.onGone())
  openings.start()
  onTestFinished(() => openings.end())
  return node
}

/** A room with an alarm so many ms from the start. */
async function set(node: OwningNode, path: string, ms: number, retention = DURABLE) {
  retentions.set(path, retention)
  const room = await node.open(path, retention)
  await room.append([draft('1')], [], { alarms: new Map([['ring', startMs + ms]]) })
  return room
}

beforeEach(async () => {
  nodes = new ModelNodes()
  rang = []
  refusing.clear()
  startMs = nodes.clock.now()
  all = [await ringing('a'), await ringing('b'), await ringing('c')]
  for (const { roster } of all) roster.die('d')
})

const [A, B, C] = [0, 1, 2].map((index) => () => all[index] as OwningNode) as [
  () => OwningNode,
  () => OwningNode,
  () => OwningNode,
]
const late = (due: number) => Math.max(...rang.map(([, at]) => at)) - due

describe('an alarm', () => {
  it('of a closed room rings once, on one of the nodes, in time', async () => {
    for (let n = 0; n < 60; n += 1) await (await set(all[n % 3] as OwningNode, `/${n}`, 20_000)).close()
    await nodes.clock.advance(40_000)
    expect(rang).toHaveLength(60)
    expect(new Set(rang.map(([who]) => who.split(' ')[0])).size).toBe(3)
    expect(late(20_000)).toBeLessThan(1000)
  })

  it('of a room that a living node has is left to that, however late', async () => {
    const room = await set(A(), '/room', 5000)
    await nodes.clock.advance(60_000)
    expect(rang).toEqual([])
    await room.close()
    await nodes.clock.advance(60_000)
    expect(rang).toHaveLength(1)
  })

  it('of a node that dies rings elsewhere at once when that is known', async () => {
    await set(A(), '/room', 5000)
    await nodes.clock.advance(30_000)
    for (const node of [B(), C()]) node.bury('a')
    for (const id of ['b', 'c']) gone.get(id)?.()
    await nodes.clock.advance(600)
    expect(rang).toHaveLength(1)
  })

  it('of a node that was killed just before rings in time, though it still seems to live', async () => {
    await set(A(), '/room', 20_000)
    await nodes.clock.advance(19_000)
    refusing.add('a')
    for (const { roster } of [B(), C()]) roster.silent.add('a')
    await nodes.clock.advance(10_000)
    expect(rang.filter(([who]) => !who.startsWith('a'))).toHaveLength(1)
    expect(late(20_000)).toBeLessThan(2000)
  })

  it('that a node has set and closed before it died rings', async () => {
    await (await set(A(), '/room', 20_000)).close()
    await nodes.clock.advance(10_000)
    for (const node of [B(), C()]) node.bury('a')
    A().roster.hasProof = false
    await nodes.clock.advance(20_000)
    expect(rang.map(([who]) => who.split(' ')[0])).not.toContain('a')
    expect([rang.length, late(20_000) < 1000]).toEqual([1, true])
  })

  it('of a room without durable history rings on the node that has it in its memory', async () => {
    const rooms = [await set(A(), '/a', 20_000, PASSING), await set(B(), '/b', 20_000, PASSING)]
    for (const room of rooms) await room.close()
    await (await set(C(), '/b', 40_000, PASSING)).close()
    await nodes.clock.advance(60_000)
    expect(rang).toEqual([
      ['a /a', 20_000],
      ['c /b', 40_000],
    ])
  })

  it('of a room without durable history that nobody has used for more than a week rings', async () => {
    await (await set(A(), '/room', 700_000, PASSING)).close()
    nodes.host.model.command('HSET', [`${bucketOf('/room')}m/room`, 'u', '1'])
    // All have looked for what is old by then.
    await nodes.clock.advance(650_000)
    expect(rang).toEqual([])
    await nodes.clock.advance(60_000)
    expect(rang).toEqual([['a /room', 700_000]])
  })

  it('that is deleted or put off before it is due does not ring, or later', async () => {
    const rooms = [await set(A(), '/deleted', 20_000), await set(A(), '/later', 20_000)]
    await nodes.clock.advance(15_000)
    await rooms[0]?.append([], [], { alarms: new Map([['ring', undefined]]) })
    await rooms[1]?.append([], [], { alarms: new Map([['ring', startMs + 60_000]]) })
    for (const room of rooms) await room.close()
    await nodes.clock.advance(40_000)
    expect(rang).toEqual([])
    await nodes.clock.advance(6000)
    expect(rang).toHaveLength(1)
    expect(late(60_000)).toBeLessThan(1000)
  })
})
