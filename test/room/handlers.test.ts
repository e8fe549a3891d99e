/**
 * What `open` returns is checked before anybody comes in: no message is acknowledged that no handler of the module has
 * run for. And what never ends in a room's other hooks holds up nobody for good.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, type RawPeer, RoomError } from '../../src/define.ts'
import { mustBeHandlers } from '../../src/room/handlers.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { openRoom } from '../../src/testing.ts'
import { refused } from '../support/client.ts'
import { closeInTime } from '../support/close-in-time.ts'
import { post } from '../support/event-stream.ts'
import { startServer, type TestServer } from '../support/server.ts'

const noop = () => {}
const TYPES = ['wave', 'toString']
const receive = { wave: noop, toString: noop }

class Game {
  score = 0
  receive = { wave: noop, toString: noop }
  join() {}
  helper() {}
}

describe('what `open` returns', () => {
  it.each([
    ['all parts', { receive, join: noop, drop: noop, rejoin: noop, leave: noop, close: noop }],
    ['parts that are left out', { receive, join: undefined }],
    ['an object of a class', new Game()],
    ['no prototype', Object.assign(Object.create(null), { receive })],
  ])('is taken: %s', (_, handlers) => {
    expect(() => mustBeHandlers(handlers, TYPES)).not.toThrow()
  })

  it.each([
    [
      'an unknown part',
      { receive, recieve: {} },
      '"recieve", which this kind of room does not have; did you mean "receive"?',
    ],
    ['a part of a raw room', { receive, message: noop }, '"message", which this kind of room does not have'],
    ['a type that is not received', { receive: { ...receive, wvae: noop } }, 'receive.wvae'],
    ['a type without a handler', { receive: { toString: noop } }, 'receive.wave'],
    ['a type without a handler, that every object has', { receive: { wave: noop } }, 'receive.toString'],
    ['no handlers at all', {}, 'receive.wave'],
    ['a handler that is no function', { receive: { ...receive, wave: 'noop' } }, 'receive.wave, got "noop"'],
    ['a hook that is no function', { receive, join: {} }, '"join" as a function'],
    ['a receive that is a function', { receive: noop }, '"receive" as an object'],
    ['a text', 'handlers', 'an object of handlers'],
  ])('is refused by name: %s', (_, handlers, said) => {
    expect(() => mustBeHandlers(handlers, TYPES)).toThrow(said)
  })

  it('of a raw room has a message handler, and no receive', () => {
    expect(() => mustBeHandlers({ message: noop, join: noop })).not.toThrow()
    expect(() => mustBeHandlers({ receive: {} })).toThrow('"receive", which this kind of room does not have')
  })

  it('is a type error if a type has no handler', () => {
    const receives = { a: z.null(), b: z.null() }
    // @ts-expect-error a type without a handler
    defineRoom({ receives, open: () => ({ receive: { a: () => {} } }) })
    // @ts-expect-error a room that receives without "receive"
    defineRoom({ receives, open: () => ({}) })
    defineRoom({ receives, open: async () => ({ receive: { a() {}, b() {} } }) })
    defineRoom({ sends: { tick: z.int() }, open: () => ({}) })
    expect(receives).toBeDefined()
  })

  it('stops a test of the room, too', async () => {
    const wrong = { receives: { wave: z.null() }, open: () => ({ recieve: { wave() {} } }) }
    await expect(openRoom(wrong as never)).rejects.toThrow(/recieve.*receive\.wave/)
  })
})

describe('a room', () => {
  let server: TestServer
  let clock: HandClock
  const start = async (definition: unknown) => {
    clock = handClock(Date.now())
    server = await startServer({ clock, rooms: { '/room': { definition } } })
  }
  afterEach(() => closeInTime(server, clock))

  it('whose handlers are misspelt admits nobody, and the log has the reason', async () => {
    await start({ receives: { wave: z.null() }, open: () => ({ recieve: { wave() {} } }) })
    server.expectError(/open failed/)
    expect(await refused(`${server.ws}/room`)).toMatchObject({ status: 503, body: { error: 'room_failed' } })
    expect((await post(`${server.url}/room`, { type: 'wave', data: null })).status).toBe(503)
    expect(server.logs.find(({ msg }) => /open failed/.test(msg))).toMatchObject({
      room: '/room',
      err: { message: expect.stringMatching(/"recieve".*did you mean "receive".*receive\.wave/) },
    })
  })

  it.each(['event', 'raw'])('goes on behind a hook that never ends, which is logged (%s)', async (kind) => {
    const never = () => new Promise<void>(() => {})
    const entered = Promise.withResolvers<void>()
    const join = () => {
      entered.resolve()
      return never()
    }
    const raw = defineRoom({ open: () => ({ join, message: (peer) => peer.send('heard') }) })
    const event = defineRoom({
      receives: { say: z.null() },
      sends: { heard: z.null() },
      open: () => ({ join, receive: { say: (peer) => peer.send('heard', null) } }),
    })
    await start(kind === 'raw' ? raw : event)
    server.expectError(/given up/)
    const ann = await server.connect('/room')
    await entered.promise
    ann.sendText('{"type":"say","data":null}')
    await clock.advance(31_000)
    // It came before its join was given up, or after.
    expect(kind === 'raw' ? await ann.nextText() : (await ann.next('heard')).type).toBe('heard')
    expect(server.logs.filter(({ msg }) => /given up/.test(msg))).toMatchObject([{ room: '/room', handler: 'join' }])
  })
})

describe('on a clock turned by hand', () => {
  const never = () => new Promise<void>(() => {})

  it('a `close` that never ends delays nobody by more than 2 s, and is logged', async () => {
    const room = await openRoom(defineRoom({ open: () => ({ close: never }) }))
    const closing = room.close()
    for (let second = 0; second < 3; second += 1) await room.advance(1000)
    await closing
    expect(room.errors).toMatchObject([{ message: expect.stringMatching(/close handler did not end within 2 s/) }])
  })

  it.each(['message', 'join'] as const)('a raw `%s` that was given up sends nothing any more', async (hook) => {
    const go = Promise.withResolvers<void>()
    const late: string[] = []
    const definition = defineRoom({
      open: (room) => {
        const hang = async (peer: RawPeer) => {
          await go.promise
          for (const say of [() => peer.send('late'), () => room.broadcast('late')]) {
            try {
              say()
            } catch (error) {
              late.push((error as RoomError).code)
            }
          }
          throw new RoomError('mine', 'nobody is left to hear it')
        }
        return hook === 'join'
          ? { join: hang, message: (peer) => peer.send('next') }
          : { message: (peer, data) => (data === 'hang' ? hang(peer) : peer.send('next')) }
      },
    })
    const room = await openRoom(definition)
    const ann = room.join()
    ann.send('hang')
    ann.send('again')
    await room.advance(30_000)
    go.resolve()
    await room.advance(1)
    expect(late).toEqual(['unavailable', 'unavailable'])
    expect(await ann.next()).toBe('next')
    expect(ann.closed).toBeUndefined()
    expect(room.errors).toMatchObject([{ message: expect.stringContaining(`${hook} handler did not end`) }])
  })

  it('a raw room of a class has its fields in every handler', async () => {
    class Counter {
      count = 0
      join() {
        this.count += 1
      }
      message(peer: RawPeer) {
        this.count += 1
        peer.send(String(this.count))
      }
    }
    const room = await openRoom(defineRoom({ open: () => new Counter() }))
    const ann = room.join()
    ann.send('how many?')
    expect(await ann.next()).toBe('2')
  })

  it('a timer whose function never ends begins anew after 30 s, and never overlaps itself', async () => {
    let running = 0
    const definition = defineRoom({
      open: (room) => {
        room.every(1000, () => {
          running += 1
          // biome-ignore lint/suspicious/noThenProperty: a promise of another make
          return { then() {} }
        })
        return {}
      },
    })
    const room = await openRoom(definition)
    await room.advance(30_000)
    expect(running).toBe(1)
    await room.advance(2000)
    expect(running).toBe(2)
    expect(room.errors).toMatchObject([{ message: expect.stringMatching(/every handler did not end within 30 s/) }])
  })

  it('`history` takes numbers of events and nothing else', async () => {
    const asked: unknown[] = []
    const definition = defineRoom({
      receives: { ask: z.any() },
      sends: { said: z.int() },
      open: (room) => ({ receive: { ask: async (_, range) => void asked.push(await room.history(range)) } }),
    })
    const room = await openRoom(definition)
    const ann = room.join()
    for (const range of [{ limit: 0 }, { limit: -1 }, { limit: 1.5 }, { limit: '5' }, { after: -1 }, { after: 'x' }])
      await expect(ann.send('ask', range)).rejects.toMatchObject({ code: 'internal' })
    expect(room.errors).toHaveLength(6)
    expect(room.errors[0]).toBeInstanceOf(RangeError)
    await ann.send('ask', { limit: 5000, after: 0 })
    expect(asked).toEqual([[]])
  })
})
