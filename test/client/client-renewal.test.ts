/** The client changes to a connection with a new token before the old one ends, and the room hears of no leave. */
import { defineRoom } from 'corridor'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type ClientRoom, connect, type Options } from '../../src/client/client.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { Blocked } from '../support/blocked.ts'
import { closeInTime, passUntil } from '../support/close-in-time.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { SECRET, sign } from '../support/tokens.ts'

/** Counts what it hears of its members. */
const heard: string[] = []
const definition = defineRoom({
  receives: { add: z.int(), level: z.null(), shout: z.int() },
  sends: { added: z.int(), level: z.unknown(), shouted: z.int() },
  open: (room) => ({
    join: (peer) => void heard.push(`join ${peer.id}`),
    drop: (peer) => void heard.push(`drop ${peer.id}`),
    leave: (peer) => void heard.push(`leave ${peer.id}`),
    receive: {
      add: (_, number) => room.publish('added', number),
      level: (peer) => peer.send('level', peer.claims?.level),
      shout: (_, number) => room.broadcast('shouted', number),
    },
  }),
})
type Room = ClientRoom<typeof definition>

let server: TestServer
let clock: HandClock
let rooms: Room[] = []
let level: number
let asked: number
beforeEach(async () => {
  // The client's time. It goes on as it does, and faster in `untilAsked`.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], shouldAdvanceTime: true })
  heard.length = level = asked = 0
  clock = handClock(Math.ceil(Date.now() / 1000) * 1000)
  // By the clock of the test, which stands, no message would be too fast.
  const limits = { rate: { perSecond: 1000, burst: 1_000_000 } }
  server = await startServer({ rooms: { '/room': { definition, auth: { secret: SECRET }, limits } }, clock })
})
afterEach(async () => {
  vi.useRealTimers()
  for (const room of rooms) room.close()
  rooms = []
  await closeInTime(server, clock)
})

function enter(options: Options): Room {
  const room = connect<typeof definition>('/room', {
    url: server.url,
    retry: { baseMs: 10, firstMs: 10, restartMs: 10 },
    ...options,
  })
  rooms.push(room)
  return room
}

/** Tokens of rising levels, each ending `seconds` after now. */
const token = (seconds: number) => sign({ sub: 'ann', level: ++level, exp: Math.floor(clock.now() / 1000) + seconds })
const opened = (room: Room) =>
  new Promise<void>((resolve) => {
    if (room.state === 'open') resolve()
    room.onState(({ state }) => state === 'open' && resolve())
  })
const levelOf = (room: Room) =>
  new Promise<unknown>((resolve) => {
    const stop = room.on('level', ({ data }) => {
      stop()
      resolve(data)
    })
    void room.send('level', null)
  })
/** Lets the client's time pass until it has asked so many times for a token. */
async function untilAsked(times: number): Promise<void> {
  while (asked < times) {
    await vi.advanceTimersByTimeAsync(20)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
async function untilLevel(room: Room, least: number): Promise<void> {
  while (Number(await levelOf(room)) < least) await new Promise((resolve) => setTimeout(resolve, 50))
}

const transports: [name: string, options: Options][] = [
  ['a WebSocket', {}],
  ['an event stream', { WebSocket: Blocked as unknown as typeof WebSocket }],
]

describe.each(transports)('over %s', (_, options) => {
  it('it stays a member, loses and doubles nothing, and outlives its first token', async () => {
    const states: string[] = []
    const ann = enter({
      ...options,
      token: () => {
        asked += 1
        return token(states.includes('open') ? 600 : 2)
      },
    })
    ann.onState(({ state }) => states.push(state))
    const added: number[] = []
    ann.on('added', ({ data }) => added.push(data))
    await opened(ann)
    const first = level
    let isDone = false
    const adding = (async () => {
      let last = 0
      for (; !isDone; await new Promise((resolve) => setTimeout(resolve, 10))) await ann.send('add', ++last)
      return last
    })()
    await untilAsked(first + 1)
    await untilLevel(ann, first + 1)
    isDone = true
    const last = await adding
    // Past the end of the first token, with the patience of its check.
    await clock.advance(10_000)
    await ann.send('add', last + 1)
    expect(added).toEqual(Array.from({ length: last + 1 }, (_, index) => index + 1))
    expect(heard).toEqual(['join ann'])
    expect(states.filter((state) => state === 'open').length).toBe(1)
    expect(states).not.toContain('closed')
    expect(level).toBe(first + 1)
  })
})

it('a token that the application fails to get, or gets unchanged, is asked for again', async () => {
  const first = await token(8)
  const ann = enter({
    token: () => {
      asked += 1
      if (asked === 2) throw new Error('the issuer is away')
      return asked < 4 ? first : token(600)
    },
  })
  await opened(ann)
  await untilAsked(4)
  await untilLevel(ann, 2)
  expect(asked).toBe(4)
  expect(heard).toEqual(['join ann'])
})

it('a new token that is refused leaves the old connection as it is, until that ends', async () => {
  const ann = enter({ token: () => (++asked === 2 ? 'not a token' : token(asked === 1 ? 8 : 600)) })
  await opened(ann)
  await untilAsked(2)
  await untilLevel(ann, 2)
  expect(asked).toBe(3)
  expect(heard).toEqual(['join ann'])
})

it('one that comes too late is not used: the client came back with another', async () => {
  const late = Promise.withResolvers<string>()
  const ann = enter({
    token: () => {
      asked += 1
      return asked === 2 ? late.promise : token(asked === 1 ? 2 : 600)
    },
  })
  await opened(ann)
  await untilAsked(2)
  await passUntil(
    clock,
    new Promise<void>((resolve) => ann.onState(({ state }) => state === 'waiting' && resolve())),
    1000,
  )
  await opened(ann)
  late.resolve(await token(600))
  expect(await levelOf(ann)).toBe(2)
  expect(heard).toEqual(['join ann', 'leave ann', 'join ann'])
  expect(asked).toBe(3)
})

it('a client that is closed meanwhile does not come back', async () => {
  const late = Promise.withResolvers<string>()
  const ann = enter({ token: () => (++asked === 1 ? token(2) : late.promise) })
  await opened(ann)
  await untilAsked(2)
  ann.close()
  late.resolve(await token(600))
  await expect.poll(() => heard.at(-1)).toBe('leave ann')
  expect(ann.state).toBe('closed')
})
