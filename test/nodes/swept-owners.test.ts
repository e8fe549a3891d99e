/** What claims leave behind where a node dies, or never heard of its own: old rooms are looked for now and then. */
import { beforeEach, describe, expect, it } from 'vitest'
import { bucketOf } from '../../src/log/redis/keys.ts'
import { draft } from '../support/log-under-test.ts'
import { DURABLE, ModelNodes, type OwningNode, PASSING } from '../support/owned-logs.ts'

const ROUND_MS = 600_000
let nodes: ModelNodes
let a: OwningNode
let b: OwningNode

beforeEach(async () => {
  nodes = new ModelNodes()
  a = await nodes.node('a')
  b = await nodes.node('b')
})

const round = () => nodes.clock.advance(ROUND_MS)
/** Nobody has used it for long. */
const forget = (path: string) => nodes.host.model.command('HSET', [`${bucketOf(path)}m${path}`, 'u', '1'])

describe('a room', () => {
  it.each([DURABLE, PASSING])(
    'of a living node stays its own, however long nothing happens in it',
    async (retention) => {
      const room = await a.open('/room', retention)
      forget('/room')
      await round()
      expect(await a.log.verify('/room')).toBe(true)
      expect(await b.owners.find('/room')).toMatchObject({ at: 'there', node: 'a' })
      expect(await room.append([draft('1')])).toBe(1)
    },
  )

  it('of a dead node is nobody’s, after a note, and nothing is left of it if nothing was kept', async () => {
    await a.open('/silent')
    await (await a.open('/kept')).append([draft('1')])
    b.bury('a')
    await round()
    expect(b.roster.notes.sort()).toEqual(['a /kept', 'a /silent'])
    expect((await b.claims.look('/kept')).owner).toBe('')
    expect(nodes.keys().filter((key) => key.includes('/silent'))).toEqual([])
  })

  it('of a node that was only frozen is its own again, unless another has it by then', async () => {
    const rooms = await Promise.all(['/silent', '/kept', '/taken'].map((path) => a.open(path)))
    for (const room of rooms.slice(1)) await room.append([draft('1')])
    b.bury('a')
    await round()
    await (await b.open('/taken')).append([draft('2')])
    await a.log.verifyAll()
    expect(rooms.map(({ lost }) => lost.length)).toEqual([0, 0, 1])
    expect((await a.claims.look('/kept')).owner).toBe('a')
    expect(await rooms[1]?.append([draft('2')])).toBe(2)
  })

  it('that a node has claimed without hearing of it is nobody’s after a while', async () => {
    await a.claims.take('/room')
    await round()
    expect(nodes.keys()).toEqual([])
  })

  it('without durable history that has closed is known for more than a week, as long as its node has it in memory', async () => {
    const room = await a.open('/room', PASSING)
    await room.append([draft('1')])
    const offset = [room.epoch, room.seq] as const
    await room.close()
    forget('/room')
    await round()
    expect(nodes.keys()).toHaveLength(2)
    const again = await a.open('/room', PASSING)
    expect(again.locate(...offset)).toEqual({ after: 1 })
    await again.close()
    forget('/room')
    b.bury('a')
    await round()
    expect(nodes.keys()).toEqual([])
  })

  it('says which node has it in memory, until another has had it', async () => {
    const room = await a.open('/room', PASSING)
    expect(await b.owners.holderOf('/room')).toBeUndefined()
    await room.append([draft('1')])
    await room.close()
    expect([await a.owners.holderOf('/room'), await b.owners.holderOf('/room')]).toEqual([undefined, 'a'])
    const taken = await b.open('/room', PASSING)
    expect(await b.owners.holderOf('/room')).toBeUndefined()
    await taken.append([draft('1')])
    await taken.close()
    expect(await a.owners.holderOf('/room')).toBe('b')
    a.bury('b')
    expect(await a.owners.holderOf('/room')).toBeUndefined()
  })
})
