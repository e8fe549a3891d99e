/** The client in a room that asks for a token, over a real server: on either transport, and past the end of a token. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ClientRoom, connect, type Options } from '../../src/client/client.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { Blocked } from '../support/blocked.ts'
import { closeInTime, passUntil } from '../support/close-in-time.ts'
import notes from '../support/notes.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { inSeconds, SECRET, sign } from '../support/tokens.ts'

let server: TestServer
let clock: HandClock
let rooms: ClientRoom<typeof notes>[] = []

beforeEach(async () => {
  clock = handClock(Date.now())
  server = await startServer({ rooms: { '/notes': { definition: notes, auth: { secret: SECRET } } }, clock })
})

afterEach(async () => {
  for (const room of rooms) room.close()
  rooms = []
  await closeInTime(server, clock)
})

const transports: [name: string, options: Options][] = [
  ['a WebSocket', {}],
  ['an event stream', { WebSocket: Blocked as unknown as typeof WebSocket }],
]

function enter(options: Options): ClientRoom<typeof notes> {
  const room = connect<typeof notes>('/notes', { url: server.url, retry: { baseMs: 10, firstMs: 10 }, ...options })
  rooms.push(room)
  return room
}
const until = (room: ClientRoom<typeof notes>, wanted: string) =>
  new Promise<void>((resolve) => {
    if (room.state === wanted) resolve()
    room.onState(({ state }) => state === wanted && resolve())
  })

describe.each(transports)('over %s', (_, options) => {
  it('a client with a token has its identity, and may send', async () => {
    const room = enter({ ...options, token: await sign({ sub: 'u1', name: 'Ann' }) })
    const heard = new Promise((resolve) => room.on('noted', ({ data }) => resolve(data)))
    expect(await room.send('note', { text: 'hello' })).toMatchObject({ seq: 1 })
    expect(await heard).toEqual({ text: 'hello', from: 'Ann' })
    expect(room.you).toEqual({ id: 'u1', name: 'Ann' })
  })

  it('one that can ask for a new token when the old one ends comes back with it, and misses nothing', async () => {
    let seconds = 60
    const token = () => sign({ sub: 'u1', exp: inSeconds(seconds) })
    const room = enter({ ...options, token })
    const heard: unknown[] = []
    room.on('noted', ({ data }) => heard.push(data.text))
    await until(room, 'open')
    seconds = 600
    await passUntil(clock, until(room, 'waiting'), 1000)
    const other = enter({ token: await sign({ sub: 'u2', exp: inSeconds(600) }) })
    await other.send('note', { text: 'meanwhile' })
    await room.send('note', { text: 'back' })
    expect(heard).toEqual(['meanwhile', 'back'])
  })

  it('one that cannot is closed for good', async () => {
    const room = enter({ ...options, token: await sign({ sub: 'u1', exp: inSeconds(60) }) })
    await until(room, 'open')
    await passUntil(clock, until(room, 'closed'), 1000)
    await expect(room.send('note', { text: 'late' })).rejects.toMatchObject({ code: 'closed' })
  })
})
