/** A room belongs to one node at a time: who has it, who may take it, and what is left when it is given up. */
import { beforeEach, describe, expect, it } from 'vitest'
import { Elsewhere } from '../../src/nodes/ownership.ts'
import { draft } from '../support/log-under-test.ts'
import { DURABLE, ModelNodes, type OwningNode, PASSING } from '../support/owned-logs.ts'

let nodes: ModelNodes
let a: OwningNode
let b: OwningNode

beforeEach(async () => {
  nodes = new ModelNodes()
  a = await nodes.node('a')
  b = await nodes.node('b')
})

describe.each([
  ['with durable history', DURABLE],
  ['without', PASSING],
])('a room %s', (_, retention) => {
  it('that a living node has is not opened by another, until it has closed there', async () => {
    const room = await a.open('/room', retention)
    expect(await room.append([draft('1')])).toBe(1)
    await expect(b.open('/room', retention)).rejects.toMatchObject({ claim: { owner: 'a' } })
    await room.close()
    const moved = await b.open('/room', retention)
    expect(await moved.append([draft('2')])).toBe(retention.durable ? 2 : 1)
    await expect(a.open('/room', retention)).rejects.toBeInstanceOf(Elsewhere)
    expect([a.roster.notes, b.roster.notes]).toEqual([[], []])
  })

  it('of a dead node is taken after a note, and keeps nothing more where it was', async () => {
    const room = await a.open('/room', retention)
    await room.append([draft('1')])
    b.bury('a')
    const taken = await b.open('/room', retention)
    expect(b.roster.notes).toEqual(['a /room'])
    expect(await a.log.verify('/room')).toBe(false)
    expect(room.lost).toHaveLength(1)
    await expect(room.append([draft('late')])).rejects.toMatchObject({ code: 'unavailable' })
    await room.close()
    expect(await b.log.verify('/room')).toBe(true)
    expect(await taken.append([draft('2')])).toBe(retention.durable ? 2 : 1)
    expect(taken.lost).toEqual([])
  })

  it('has terms that rise, whoever has it, and also where nothing of it was left', async () => {
    for (let times = 0; times < 4; times += 1) {
      for (const node of [a, b]) await (await node.open('/room', retention)).close()
      await nodes.clock.advance(1)
    }
    const terms = a.claimed.flatMap(({ term }, index) => [term, b.claimed[index]?.term ?? 0])
    expect(terms).toEqual(terms.toSorted((one, other) => one - other))
    expect(a.claimed.map(({ at }) => at.number)).toEqual([...new Set(a.claimed.map(({ at }) => at.number))])
  })

  it('in which nothing was said leaves nothing behind', async () => {
    const room = await a.open('/silent', retention)
    expect(nodes.keys()).toHaveLength(2)
    await room.close()
    expect(nodes.keys()).toEqual([])
  })

  it('that is lost for all at once is given up, and opens again', async () => {
    const room = await a.open('/room', retention)
    await room.append([draft('1')])
    a.log.loseAll('cut off')
    expect(room.lost).toEqual(['cut off'])
    await room.close()
    const again = await b.open('/room', retention)
    expect(await again.append([draft('2')])).toBe(retention.durable ? 2 : 1)
  })
})

describe('a room', () => {
  it('that two nodes open at once is opened by one', async () => {
    for (let n = 0; n < 20; n += 1) {
      const opened = await Promise.allSettled([a.open(`/${n}`), b.open(`/${n}`)])
      expect(opened.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    }
  })

  it('without durable history keeps it in memory, unless another node has had the room meanwhile', async () => {
    const first = await a.open('/room', PASSING)
    await first.append([draft('1')])
    const offset = [first.epoch, first.seq] as const
    await first.close()
    const again = await a.open('/room', PASSING)
    expect([again.seq, again.locate(...offset)]).toEqual([1, { after: 1 }])
    await again.close()
    await (await b.open('/room', PASSING)).close()
    const after = await a.open('/room', PASSING)
    expect(after.locate(...offset)).toHaveProperty('lost')
  })

  it('that is only claimed is nothing that is kept', async () => {
    await a.open('/silent')
    const kept = await a.open('/kept')
    await kept.append([draft('1')], [], { alarms: new Map([['ring', 1e13]]) })
    expect((await b.log.rooms(10)).map(({ path }) => path)).toEqual(['/kept'])
    expect((await b.log.alarms(10)).map(({ path }) => path)).toEqual(['/kept'])
    expect([await b.log.peek('/silent'), await b.log.contents('/silent')]).toEqual([undefined, undefined])
    expect(await b.log.erase('/silent')).toBe(false)
    expect(await a.log.verify('/silent')).toBe(true)
  })

  it('that its owner has back again is not taken by who has seen that nobody has it', async () => {
    const room = await a.open()
    await room.append([draft('1')])
    const { term = 0 } = a.log.claimOf('/room') ?? {}
    await b.claims.give('/room', { node: 'a', term })
    const seen = await b.claims.look('/room')
    expect([seen.owner, await a.log.verify('/room')]).toEqual(['', true])
    expect(await b.claims.take('/room', seen)).toMatchObject({ seen: { owner: 'a' } })
    expect(await room.append([draft('2')])).toBe(2)
  })

  it('that is erased while another node has it is lost there', async () => {
    const room = await a.open()
    await room.append([draft('1')])
    expect(await b.log.erase('/room')).toBe(true)
    await expect(room.append([draft('2')])).rejects.toMatchObject({ code: 'unavailable' })
    expect(room.lost).toHaveLength(1)
    await room.close()
    expect(await (await b.open()).append([draft('2')])).toBe(2)
  })
})

it('goes on without Redis only where this node may speak for its rooms, and says what is known of the nodes', () => {
  expect([a.log.trouble, a.log.goesOn, a.log.warnings]).toEqual([undefined, true, []])
  a.roster.hasProof = false
  a.roster.warnings = [{ kind: 'nodes_rooms', text: 'they differ' }]
  expect([a.log.goesOn, a.log.warnings]).toEqual([false, a.roster.warnings])
  expect(a.log.trouble).toMatch(/has not answered a beat/)
})
