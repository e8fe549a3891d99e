/** A peer that a room's `join` refuses, at once or after a while: it gets the reason, and never was a member. */
import { defineRoom, RoomError } from 'corridor'
import { openRoom } from 'corridor/testing'
import { describe, expect, it } from 'vitest'
import { watched } from '../support/watched-room.ts'

const turn = () => new Promise(setImmediate)

describe('a peer that `join` refuses', () => {
  const refusals = {
    'at once': () => {
      throw new RoomError('not_invited', 'ask ann', { ask: ['ann'] })
    },
    later: async () => {
      await turn()
      throw new RoomError('not_invited', 'ask ann', { ask: ['ann'] })
    },
  }

  it.each(Object.entries(refusals))(
    '%s gets the reason, is closed with 1008, never speaks, never leaves',
    async (_, no) => {
      const { definition, calls } = watched((peer) => (peer.name === 'bob' ? no() : undefined))
      const room = await openRoom(definition)
      room.join({ name: 'ann' })
      const bob = room.join({ name: 'bob', client: 'b' })
      bob.send('say', 'hello').catch(() => {})
      await turn()
      await turn()
      expect(bob.closed).toEqual({ code: 1008, reason: 'not_invited' })
      expect(room.members()).toMatchObject([{ name: 'ann' }])
      await room.advance(10_000)
      expect(calls).toEqual(['join ann 1', 'join bob 1'])
      expect(room.errors).toEqual([])
    },
  )

  it.each(['a late `send`', 'an error'])(
    'after `join` was given up stays the member that it is since (%s), and leaves once',
    async (what) => {
      const open = Promise.withResolvers<void>()
      const { definition, calls } = watched(async (peer) => {
        await open.promise
        if (what === 'an error') throw new Error('too late')
        peer.send('said', 'hello')
      })
      const room = await openRoom(definition)
      const bob = room.join({ name: 'bob' })
      await room.advance(31_000)
      open.resolve()
      await turn()
      expect(bob.closed).toBeUndefined()
      await bob.send('say', 'still here')
      bob.leave()
      await turn()
      expect(calls).toEqual(['join bob 1', 'say still here', 'leave bob 0'])
      const given = { message: expect.stringContaining('did not end within 30 s') }
      expect(room.errors).toMatchObject(what === 'an error' ? [given, { message: 'too late' }] : [given])
    },
  )

  it('while it was lost and waited for, is asked again when it comes back', async () => {
    const open = Promise.withResolvers<void>()
    const { definition, calls } = watched(async () => {
      await open.promise
      throw new RoomError('not_invited', 'ask ann')
    })
    const room = await openRoom(definition)
    const bob = room.join({ name: 'bob' })
    bob.drop()
    open.resolve()
    await turn()
    bob.rejoin()
    await turn()
    expect(bob.closed).toEqual({ code: 1008, reason: 'not_invited' })
    expect(calls).toEqual(['join bob 1', 'join bob 1'])
  })

  it.each(['at once', 'later'])('since it closes the peer itself (%s) sees it leave once', async (when) => {
    const { definition, calls } = watched(async (peer) => {
      if (when === 'later') await turn()
      peer.close(4003, 'banned')
    })
    const room = await openRoom(definition)
    const bob = room.join({ name: 'bob' })
    await room.advance(1)
    await turn()
    expect(bob.closed).toEqual({ code: 4003, reason: 'banned' })
    expect(calls).toEqual(['join bob 1', 'leave bob 0'])
  })

  it('by an unexpected error gets no more than `internal`', async () => {
    const { definition } = watched(() => {
      throw new Error('a secret')
    })
    const room = await openRoom(definition)
    const ann = room.join()
    expect(ann.closed).toEqual({ code: 1008, reason: 'internal' })
    expect(room.errors).toHaveLength(1)
  })

  it('of a raw room is closed with the code alone, since such a room sends no envelopes', async () => {
    const left: string[] = []
    const room = await openRoom(
      defineRoom({
        open: () => ({
          join() {
            throw new RoomError('not_invited', 'ask ann')
          },
          leave: (peer) => void left.push(peer.id),
        }),
      }),
    )
    const ann = room.join()
    expect(ann.closed).toEqual({ code: 1008, reason: 'not_invited' })
    await expect(ann.next()).rejects.toThrow('received nothing')
    expect([room.members(), left, room.errors]).toEqual([[], [], []])
  })

  it('has its messages wait while an async join runs', async () => {
    const open = Promise.withResolvers<void>()
    const { definition, calls } = watched(() => open.promise)
    const room = await openRoom(definition)
    const ann = room.join({ name: 'ann' })
    const said = ann.send('say', 'hello')
    await turn()
    expect(room.members()).toMatchObject([{ name: 'ann', connections: 1 }])
    expect(calls).toEqual(['join ann 1'])
    open.resolve()
    await said
    expect(calls).toEqual(['join ann 1', 'say hello'])
  })
})
