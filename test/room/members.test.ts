/**
 * Who is in a room, seen by its author: each `join` that lets a peer in is followed by exactly one `leave`, over lost
 * connections, several connections of one person, and peers that the room ends or refuses. The clock is turned by hand.
 */
import { openRoom } from 'corridor/testing'
import { describe, expect, it } from 'vitest'
import { watched } from '../support/watched-room.ts'

const turn = () => new Promise(setImmediate)

describe('a peer that the room ends', () => {
  it('is no member from that moment, receives nothing, and leaves after the handler that ended it', async () => {
    const { definition, calls, peers } = watched()
    const room = await openRoom(definition)
    const ann = room.join({ name: 'ann' })
    const bob = room.join({ name: 'bob' })
    await bob.send('end', 'ann')
    expect(calls).toEqual(['join ann 1', 'join bob 1', 'ended ann', 'leave ann 0'])
    expect(ann.closed).toEqual({ code: 4003, reason: 'banned' })
    expect(peers.map(({ isMember, isHere }) => [isMember, isHere])).toEqual([
      [false, false],
      [true, true],
    ])
    void ann.send('say', 'still here?').catch(() => {})
    await bob.send('say', 'who is there?')
    expect(await bob.next('said')).toMatchObject({ data: 'bob: who is there?' })
    await expect(ann.next()).rejects.toThrow('4003 banned')
    expect(calls).not.toContain('say still here?')
  })

  it('is not the member it was when its client comes back: join is asked, leave was called once', async () => {
    const { definition, calls } = watched()
    const room = await openRoom(definition)
    const ann = room.join({ name: 'ann', client: 'a' })
    const bob = room.join({ name: 'bob' })
    ann.drop()
    // While it is waited for, too.
    await bob.send('end', 'ann')
    ann.rejoin()
    await turn()
    await room.advance(10_000)
    expect(calls.filter((call) => call.includes('ann'))).toEqual([
      'join ann 1',
      'drop ann false',
      'ended ann',
      'leave ann 0',
      'join ann 1',
    ])
  })

  it('has nothing handled of what waited behind an async handler', async () => {
    const { definition, calls, release } = watched()
    const room = await openRoom(definition)
    const ann = room.join({ name: 'ann' })
    const bob = room.join({ name: 'bob' })
    for (const said of [ann.send('hold', 'door'), ann.send('say', 'one'), ann.send('say', 'two')]) said.catch(() => {})
    await bob.send('end', 'ann')
    release('door')
    await turn()
    expect(calls.slice(2)).toEqual(['hold door', 'ended ann', 'leave ann 0'])
    expect(await room.history()).toEqual([])
  })

  it('receives nothing from the handler in which it ended itself', async () => {
    const { definition, calls } = watched()
    const room = await openRoom(definition)
    const ann = room.join({ name: 'ann' })
    ann.send('endSelf', null).catch(() => {})
    await turn()
    expect(calls).toEqual(['join ann 1', 'ended itself', 'leave ann 0'])
    await expect(ann.next()).rejects.toThrow('received {"type":"welcome"')
    await expect(ann.next('noted')).rejects.toThrow('4003')
  })
})

describe('a member whose connection is lost', () => {
  it('is dropped, and back in time it rejoins: no leave, no join, and nothing of the log is missed', async () => {
    const { definition, calls } = watched()
    const room = await openRoom(definition)
    const [ann, bob] = [room.join({ name: 'ann' }), room.join({ name: 'bob' })]
    ann.drop()
    expect(room.members()).toMatchObject([
      { name: 'ann', connections: 0 },
      { name: 'bob', connections: 1 },
    ])
    await bob.send('say', 'one')
    await room.advance(4999)
    ann.rejoin()
    await bob.send('say', 'two')
    expect([await ann.next('said'), await ann.next('said')]).toMatchObject([{ data: 'bob: one' }, { data: 'bob: two' }])
    await room.advance(60_000)
    expect(calls.filter((call) => call.includes(' ann'))).toEqual(['join ann 1', 'drop ann false', 'rejoin ann true'])
  })

  it('leaves when the time is over, once, and is a newcomer then', async () => {
    const { definition, calls } = watched()
    const room = await openRoom(definition, undefined, { rejoinWithin: '1m' })
    const ann = room.join({ name: 'ann' })
    ann.drop()
    await room.advance(59_999)
    expect(calls).toEqual(['join ann 1', 'drop ann false'])
    await room.advance(1)
    ann.rejoin()
    expect(calls).toEqual(['join ann 1', 'drop ann false', 'leave ann 0', 'join ann 1'])
  })

  it('leaves at once in a room that waits for nobody, and when it closes normally', async () => {
    const { definition, calls } = watched()
    const room = await openRoom(definition, undefined, { rejoinWithin: 0 })
    room.join({ name: 'ann' }).drop()
    const other = await openRoom(definition)
    other.join({ name: 'bob' }).leave()
    expect(calls).toEqual(['join ann 1', 'leave ann 0', 'join bob 1', 'leave bob 0'])
  })

  it('that is lost twice and leaves, all behind an async handler, is dropped once', async () => {
    const { definition, calls, release } = watched()
    const room = await openRoom(definition)
    const ann = room.join({ name: 'ann', client: 'a' })
    ann.send('hold', 'door').catch(() => {})
    ann.drop()
    ann.rejoin()
    ann.drop()
    await room.advance(10_000)
    release('door')
    await turn()
    expect(calls).toEqual(['join ann 1', 'hold door', 'drop ann false', 'leave ann 0'])
  })

  it('while its join still runs is dropped and back after it, in this order', async () => {
    const open = Promise.withResolvers<void>()
    const { definition, calls } = watched(() => open.promise)
    const room = await openRoom(definition)
    const ann = room.join({ name: 'ann' })
    ann.drop()
    ann.rejoin()
    ann.leave()
    open.resolve()
    await turn()
    expect(calls).toEqual(['join ann 1', 'drop ann false', 'leave ann 0'])
  })

  it('leaves once if the room closes meanwhile', async () => {
    const { definition, calls } = watched()
    const room = await openRoom(definition)
    const ann = room.join({ name: 'ann' })
    ann.drop()
    await room.close()
    await room.advance(10_000)
    expect(calls).toEqual(['join ann 1', 'drop ann false', 'leave ann 0'])
  })

  it('is the same member if its new connection comes before the loss of the old one is known', async () => {
    const { definition, calls, peers } = watched()
    const room = await openRoom(definition)
    const claims = { sub: 'u1' }
    const old = room.join({ name: 'ann', client: 'a', claims })
    const newer = room.join({ name: 'Ann B.', client: 'a', claims: { ...claims, role: 'admin' } })
    expect(old.closed).toMatchObject({ code: 1008 })
    old.leave()
    await room.advance(60_000)
    expect(newer.closed).toBe(undefined)
    expect(calls).toEqual(['join ann 1', 'rejoin Ann B. true'])
    // Its new token counts.
    expect(peers.map(({ name, claims }) => [name, claims?.role])).toEqual([['Ann B.', 'admin']])
  })
})

describe('several connections of one person', () => {
  it('are one member with one entry, and separate peers', async () => {
    const { definition, calls, peers } = watched()
    const room = await openRoom(definition)
    const claims = { sub: 'u1', name: 'ann' }
    const [one, two] = [room.join({ claims }), room.join({ claims })]
    room.join({ name: 'bob' })
    expect(room.members()).toMatchObject([
      { id: 'u1', name: 'ann', connections: 2 },
      { name: 'bob', connections: 1 },
    ])
    expect(new Set(peers.map(({ connection }) => connection)).size).toBe(3)
    two.drop()
    expect(room.members()).toMatchObject([{ id: 'u1', connections: 1 }, { name: 'bob' }])
    one.leave()
    await room.advance(5000)
    expect(calls).toEqual(['join ann 1', 'join ann 2', 'join bob 1', 'drop ann false', 'leave ann 1', 'leave ann 0'])
    expect(room.members()).toMatchObject([{ name: 'bob' }])
  })
})
