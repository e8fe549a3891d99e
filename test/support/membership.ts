/**
 * Who is in a room, over every wire: peers that the room ends or refuses, and members that come back. `wire-*.test.ts` run
 * it; what an author sees of it in detail is in `members.test.ts`.
 */
import { defineRoom, RoomError } from 'corridor'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { BRIEF_DRAIN, startServer, type TestServer } from './server.ts'
import type { Join } from './wires.ts'

function door() {
  const calls: string[] = []
  const banned = new Set<string>()
  const definition = defineRoom({
    receives: { say: z.string(), hold: z.null(), ban: z.string() },
    sends: { said: z.string(), filled: z.string() },
    open: (room) => {
      const held = Promise.withResolvers<void>()
      return {
        join(peer) {
          calls.push(`join ${peer.name} ${peer.via}`)
          if (banned.has(peer.name)) throw new RoomError('banned', 'not you', { until: 'tomorrow' })
        },
        drop: (peer) => void calls.push(`drop ${peer.name}`),
        rejoin: (peer) => void calls.push(`rejoin ${peer.name}`),
        leave: (peer) => void calls.push(`leave ${peer.name}`),
        receive: {
          say: (peer, text) => room.publish('said', `${peer.name}: ${text}`),
          hold(peer) {
            calls.push(`hold ${peer.name}`)
            return held.promise
          },
          ban(_, name) {
            banned.add(name)
            for (const peer of room.peers()) {
              if (peer.name !== name) continue
              // More than the network takes of who does not read.
              for (let index = 0; index < 64; index += 1) peer.send('filled', 'x'.repeat(1e5))
              peer.close(4003, 'banned')
            }
            held.resolve()
          },
        },
      }
    },
  })
  return { definition, calls }
}

export function testMembership(
  name: string,
  via: 'websocket' | 'http' | 'socketio',
  join: Join,
  start: typeof startServer = startServer,
): void {
  describe(`who is in a room, over ${name}`, () => {
    let server: TestServer
    let calls: string[]
    beforeEach(async () => {
      const room = door()
      calls = room.calls
      const limits = { buffered: '64MiB', payload: '1MiB' }
      const one = { definition: room.definition, limits: { peers: 1 } }
      const rooms = { '/door': { definition: room.definition, limits }, '/one': one }
      server = await start({ rooms, env: BRIEF_DRAIN })
    })
    afterEach(() => server.close())

    it('a peer that was ended while its line stalls is a newcomer when it comes back, and is refused', async () => {
      const ann = await join(server, '/door', { name: 'ann' })
      const bob = await join(server, '/door', { name: 'bob', client: 'b' })
      await bob.next('welcome')
      bob.pause()
      ann.send('ban', 'bob', 'b1')
      await ann.next('ack')
      expect(calls.slice(2)).toEqual(['leave bob'])
      const again = await join(server, '/door', { name: 'bob', client: 'b' })
      expect(await again.next('welcome')).toMatchObject({ data: { you: { name: 'bob' } } })
      const refusal = { code: 'banned', message: 'not you', details: { until: 'tomorrow' } }
      expect(await again.next('error')).toEqual({ type: 'error', data: refusal })
      expect(await again.closed).toMatchObject({ code: 1008, reason: 'banned' })
      expect(calls.slice(2)).toEqual(['leave bob', `join bob ${via}`])
      bob.terminate()
      const { members } = await (await fetch(`${server.url}/door`)).json()
      expect(members).toEqual({ count: 1, names: ['ann'] })
    })

    it('what a peer said before it was ended, and was not handled yet, never is', async () => {
      const ann = await join(server, '/door', { name: 'ann' })
      const bob = await join(server, '/door', { name: 'bob', client: 'b' })
      await bob.next('welcome')
      bob.send('hold', null)
      bob.send('say', 'still to come')
      await expect.poll(() => calls.at(-1)).toBe('hold bob')
      ann.send('ban', 'bob', 'b1')
      await ann.next('ack')
      ann.send('say', 'where is bob?', 's1')
      expect(await ann.next()).toMatchObject({ type: 'said', data: 'ann: where is bob?', seq: 1 })
    })

    it('a member that comes back on a new connection, however the old one ended, rejoins', async () => {
      const first = await join(server, '/door', { name: 'ann', client: 'a' })
      await first.next('welcome')
      const second = await join(server, '/door', { name: 'ann', client: 'a' })
      await second.next('welcome')
      expect(await first.closed).toMatchObject({ code: 1008 })
      expect(calls).toEqual([`join ann ${via}`, 'rejoin ann'])
      second.terminate()
      await expect.poll(() => calls.length).toBe(3)
      const third = await join(server, '/door', { name: 'ann', client: 'a' })
      await third.next('welcome')
      expect(calls.slice(2)).toEqual(['drop ann', 'rejoin ann'])
    })

    it('a member comes back into a full room before the loss of its old connection is known', async () => {
      const first = await join(server, '/one', { name: 'ann', client: 'a' })
      await first.next('welcome')
      // An event stream gets the error in its own stream.
      const full = join(server, '/one', { name: 'bob', client: 'b' }).then(({ closed }) => closed)
      expect(await full.then(({ code }) => code, String)).toEqual(
        via === 'http' ? 1013 : expect.stringContaining('503'),
      )
      const second = await join(server, '/one', { name: 'ann', client: 'a' })
      await second.next('welcome')
      expect(await first.closed).toMatchObject({ code: 1008 })
    })

    it('two connections of one client that come at once are one member', async () => {
      const both = await Promise.all([1, 2].map(() => join(server, '/door', { name: 'ann', client: 'a' })))
      const ended = await Promise.race(both.map(({ closed }) => closed))
      expect(ended.code).toBe(1008)
      expect(calls).toEqual([`join ann ${via}`, 'rejoin ann'])
    })
  })
}
