/**
 * What a module hands to the server is judged where it is handed over: a value that cannot be is thrown back at the line
 * that gave it, and nobody is left half in the room.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, type Peer, type Room, RoomError } from '../../src/define.ts'
import { post } from '../support/event-stream.ts'
import { startServer, type TestServer } from '../support/server.ts'

type Anything = (peer: Peer, room: Room) => void

/** As plain JavaScript would write it. */
const set = (peer: Peer, name: string, value: unknown) => {
  if (!Reflect.set(peer, name, value)) throw new TypeError(`${name} cannot be set`)
}
const close = (peer: Peer, ...how: unknown[]): void => Reflect.apply(peer.close, peer, how)
const broken = { toString: () => expect.unreachable() }

const WRONG: Readonly<Record<string, Anything>> = {
  'a reason that is a number': (peer) => close(peer, 4000, 404),
  'a reason that is null': (peer) => close(peer, 4000, null),
  'a reason that is a symbol': (peer) => close(peer, 4000, Symbol('why')),
  'a reason that is an object': (peer) => close(peer, 4000, broken),
  'a code that is text': (peer) => close(peer, '4001', 'why'),
  'a code that is a bigint': (peer) => close(peer, 4001n, 'why'),
  'a code with a fraction': (peer) => close(peer, 4000.5, 'why'),
  'a code that is not free': (peer) => close(peer, 1001, 'why'),
  'a name that is a bigint': (peer) => set(peer, 'name', 5n),
  'a name that is an object': (peer) => set(peer, 'name', { toJSON: broken.toString }),
  'a timer without a function': (_, room) => void Reflect.apply(room.after, room, [1, 'tick']),
  'a clock without a function': (_, room) => void Reflect.apply(room.every, room, [1]),
  'an id': (peer) => set(peer, 'id', 'somebody else'),
}

/** Reads well so often, then throws. */
const fading = (times: number, value: unknown) => {
  let read = 0
  return () => {
    read += 1
    if (read > times) throw new Error('read once too often')
    return value
  }
}
const trap = (part: string, times: number) =>
  Object.defineProperty(new RoomError('no', 'not now', {}), part, { get: fading(times, 'no') })
const FADING: Readonly<Record<string, () => RoomError>> = {
  'details that are read but once more': () => new RoomError('no', 'no', { toJSON: fading(2, 1) }),
  'details that are read but twice more': () => new RoomError('no', 'no', { toJSON: fading(3, 1) }),
  'a code that is read but once': () => trap('code', 1),
  'a message that is read but once': () => trap('message', 1),
  'details behind a getter': () => trap('details', 1),
}

const definition = defineRoom({
  receives: { does: z.string(), throws: z.string(), rejects: z.string() },
  sends: {},
  open: (room) => ({
    receive: {
      does: (peer, what) => WRONG[what]?.(peer, room),
      throws: (_, what) => {
        throw FADING[what]?.()
      },
      rejects: async (_, what) => {
        throw FADING[what]?.()
      },
    },
  }),
})

let server: TestServer
beforeEach(async () => {
  server = await startServer({ rooms: { '/room': { definition } } })
  server.expectError(/receive handler failed/)
})
afterEach(() => server.close())

const members = async () => {
  const answer = await fetch(`${server.url}/room`, { headers: { Accept: 'application/json' } })
  return [answer.status, (await answer.json()).members]
}

describe('a value that cannot be', () => {
  it.each(Object.keys(WRONG))('%s is an error of its line, and the peer stays who it is', async (what) => {
    const ann = await server.connect('/room', { name: 'ann', client: 'a' })
    ann.send('does', what, '1')
    expect(await ann.next('error')).toMatchObject({ id: '1', data: { code: 'internal' } })
    expect(await members()).toEqual([200, { count: 1, names: ['ann'] }])
    ann.send('nothing', what, '2')
    expect(await ann.next('error')).toMatchObject({ id: '2', data: { code: 'unknown_type' } })
    await ann.close()
    await expect.poll(members).toEqual([200, { count: 0, names: [] }])
  })
})

describe('an error that cannot be read as often as one likes', () => {
  it.each(Object.keys(FADING))('%s is an answer all the same, over every wire', async (what) => {
    const ann = await server.connect('/room', { name: 'ann', client: 'a' })
    for (const type of ['throws', 'rejects']) {
      ann.send(type, what, type)
      expect(await ann.next('error')).toMatchObject({
        id: type,
        data: { code: expect.stringMatching(/^(no|internal)$/) },
      })
      const answer = await post(`${server.url}/room`, { type, data: what })
      expect([400, 500]).toContain(answer.status)
      expect(await answer.json()).toMatchObject({ error: answer.status === 400 ? 'no' : 'internal' })
    }
  })
})
