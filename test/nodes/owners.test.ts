/** Where a room lives, as a node finds it out: who owns it, who takes it of a dead node, and who waits. */
import { beforeEach, describe, expect, it } from 'vitest'
import { isFirst } from '../../src/nodes/rendezvous.ts'
import { ModelNodes, type OwningNode } from '../support/owned-logs.ts'
import type { Pace } from '../support/redis-model/connection.ts'
import type { ModelClient } from '../support/redis-model/model-client.ts'

const HERE = { at: 'here' }
let nodes: ModelNodes
let a: OwningNode
let b: OwningNode
let c: OwningNode

beforeEach(async () => {
  nodes = new ModelNodes()
  a = await nodes.node('a')
  b = await nodes.node('b')
  c = await nodes.node('c')
  for (const node of [a, b, c]) node.roster.die('d')
})

/** A path for which this one of the nodes is the first. */
const firstOf = (node: OwningNode, all: readonly OwningNode[]): string => {
  for (let n = 0; ; n += 1) {
    const path = `/${node.id}${n}`
    const ids = all.map(({ id }) => id)
    if (isFirst(node.id, ids, path)) return path
  }
}
const there = (node: OwningNode, path = '/room') => ({ at: 'there', node: node.id, term: node.log.claimOf(path)?.term })

describe('a room', () => {
  it('that nobody owns is to be opened here, and one that is open here is here', async () => {
    expect(a.owners.known('/room')).toBeUndefined()
    expect(await a.owners.find('/room')).toEqual(HERE)
    await a.open()
    expect([a.owners.known('/room'), await a.owners.find('/room')]).toEqual([HERE, HERE])
  })

  it('of a living node is there, and known without asking, until it is doubted', async () => {
    await a.open()
    expect(await b.owners.find('/room')).toEqual(there(a))
    expect(b.owners.known('/room')).toEqual(there(a))
    expect(b.owners.termOf('/room')).toBe(a.log.claimOf('/room')?.term)
    b.owners.doubt('/room', 'a', 'over')
    expect(b.owners.known('/room')).toBeUndefined()
    expect(await b.owners.find('/room')).toEqual(there(a))
    b.owners.doubt('/room', 'a', 'over')
    await expect(b.open()).rejects.toMatchObject({ claim: { owner: 'a' } })
    expect(b.roster.asked).toEqual([])
  })

  it('of a node that this one claimed without hearing of it is here', async () => {
    await a.claims.take('/room')
    expect(await a.owners.find('/room')).toEqual(HERE)
    expect((await a.open()).lost).toEqual([])
  })

  it('of a node that cannot be reached, but lives, is taken by nobody', async () => {
    await a.open()
    b.owners.doubt('/room', 'a', 'unreachable')
    expect(await b.owners.find('/room')).toEqual(there(a))
    expect(b.roster.asked).toEqual([])
    b.owners.doubt('/room', 'a', 'refused')
    expect(await b.owners.find('/room')).toEqual(there(a))
    expect(b.roster.asked).toEqual(['a'])
  })

  it('of a node that has only begun to beat is not taken', async () => {
    b.roster.nodes.delete('a')
    await a.open()
    expect(await b.owners.find('/room')).toEqual(there(a))
    expect(b.roster.asked).toEqual(['a'])
  })

  it('of a node that has only begun to beat, and whose Redis is away for a moment, is not taken', async () => {
    b.roster.nodes.delete('a')
    b.roster.silent.add('a')
    await a.open()
    expect(await b.owners.find('/room')).toEqual(there(a))
  })

  it('of a node that refuses and does not answer is taken at once by the first', async () => {
    const path = firstOf(b, [a, b, c])
    await a.open(path)
    b.roster.silent.add('a')
    b.owners.doubt(path, 'a', 'refused')
    expect(await b.owners.find(path)).toEqual(HERE)
    await b.open(path)
    expect(b.roster.notes).toEqual([`a ${path}`])
    expect(b.roster.announced).toHaveLength(1)
    await expect(a.log.verify(path)).resolves.toBe(false)
  })

  it('of a node that did not answer and has been seen to beat since is not taken', async () => {
    await a.open()
    b.roster.silent.add('a')
    await nodes.clock.advance(100)
    b.owners.doubt('/room', 'a', 'refused')
    expect(await b.owners.judge('a')).toBe(true)
    b.roster.silent.clear()
    expect(b.owners.isGone('a')).toBe(true)
    b.roster.moved.set('a', nodes.clock.monotonic() + 1)
    expect(b.owners.isGone('a')).toBe(false)
    expect(await b.owners.judge('a')).toBe(false)
  })

  it('of a dead node is taken by the first at once, while the others wait and find it there', async () => {
    for (const node of [b, c]) node.bury('a')
    const path = firstOf(b, [b, c])
    await a.open(path)
    const late = c.owners.find(path)
    expect(await b.owners.find(path)).toEqual(HERE)
    await b.open(path)
    await nodes.clock.advance(200)
    expect(await late).toEqual(there(b, path))
  })

  it('of a dead node is taken by another 200 ms later, if the first does not need it', async () => {
    for (const node of [b, c]) node.bury('a')
    const path = firstOf(b, [b, c])
    await a.open(path)
    let found: object | undefined
    void c.owners.find(path).then((home) => {
      found = home
    })
    await nodes.clock.advance(0)
    await nodes.clock.advance(199)
    expect(found).toBeUndefined()
    await nodes.clock.advance(1)
    expect(found).toEqual(HERE)
    await c.open(path)
    expect(c.log.claimOf(path)?.node).toBe('c')
  })

  it('is not taken by a node that ends, as long as another can', async () => {
    for (const node of [b, c]) {
      node.bury('a')
      node.roster.add('b', true)
    }
    const path = firstOf(b, [b, c])
    await a.open(path)
    expect(await c.owners.find(path)).toEqual(HERE)
  })

  it('that another node says it has taken is made sure of', async () => {
    const room = await a.open()
    const { term = 0 } = a.log.claimOf('/room') ?? {}
    a.owners.moved('/room', 'b', term - 1)
    a.owners.moved('/room', 'b', term + 1)
    await nodes.clock.advance(0)
    expect([room.lost, a.owners.termOf('/room')]).toEqual([[], term + 1])
    b.bury('a')
    await b.open()
    a.owners.moved('/room', 'b', b.log.claimOf('/room')?.term ?? 0)
    await nodes.clock.advance(0)
    expect(room.lost).toHaveLength(1)
    expect(a.owners.known('/room')).toEqual(there(b))
  })
})

describe('many rooms', () => {
  const paths = Array.from({ length: 300 }, (_, n) => `/${n}`)
  const hold = (node: OwningNode, pace: Pace) => {
    const client = node.calls as ModelClient
    client.pacing = () => pace
    return client
  }

  it('are looked for once each, some at a time, those with messages first', async () => {
    const client = hold(b, { callMs: 'held', answerMs: 0 })
    const order: string[] = []
    const find = (path: string, isUrgent: boolean) => b.owners.find(path, isUrgent).then(() => void order.push(path))
    for (const path of paths) void find(path, false)
    for (const path of paths) void find(path, path === '/299')
    b.owners.hurry('/298')
    b.owners.hurry('/nobody-looks-for-it')
    expect(client.connection?.sent).toHaveLength(64)
    for (let n = 0; n < 300; n += 1) {
      client.connection?.arrive()
      await nodes.clock.advance(0)
      expect(client.connection?.sent.length).toBeLessThanOrEqual(64)
    }
    expect(order).toHaveLength(600)
    for (const path of ['/298', '/299']) expect(order.indexOf(path)).toBeLessThan(140)
  })

  it('of a dead node are all taken, by one of those that need them', async () => {
    for (const path of paths) await a.open(path)
    for (const node of [b, c]) node.bury('a')
    const takeAll = (node: OwningNode) =>
      paths.map(async (path) => {
        const home = await node.owners.find(path)
        if (home.at === 'here') await node.open(path)
        else expect(home.node).not.toBe('a')
      })
    let isOver = false
    const all = Promise.all([...takeAll(b), ...takeAll(c)]).finally(() => {
      isOver = true
    })
    for (let ms = 0; !isOver; ms += 10) {
      expect(ms).toBeLessThan(1000)
      await nodes.clock.advance(10)
    }
    await all
    const owned = [b, c].map(({ log }) => [...log.owned()].length)
    expect((owned[0] ?? 0) + (owned[1] ?? 0)).toBe(300)
    expect(Math.min(...owned)).toBeGreaterThan(100)
  })

  it('are where other nodes say while Redis does not answer this one', async () => {
    b.claims.look = () => Promise.reject(new Error('Redis is not connected'))
    await expect(b.owners.find('/room')).rejects.toThrow('Redis is not connected')
    b.told = { at: 'there', node: 'c', term: 7 }
    expect(await b.owners.find('/room')).toEqual(b.told)
  })

  it('are not found while Redis does not say', async () => {
    hold(b, { callMs: 'held', answerMs: 0 })
    const found = paths.map((path) => b.owners.find(path).catch((error) => error.code))
    await nodes.clock.advance(3000)
    expect(new Set(await Promise.all(found))).toEqual(new Set(['unavailable']))
  })
})
