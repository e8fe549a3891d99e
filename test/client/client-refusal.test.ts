/** What the client says of a server that does not let it in: the state has the refusal's status, code and message. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ClientRoom, connect, type Options, type State } from '../../src/client/client.ts'
import { RoomError } from '../../src/define.ts'
import { Blocked } from '../support/blocked.ts'
import notes from '../support/notes.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
const rooms: ClientRoom<typeof notes>[] = []
const auth = { secret: 'a secret of thirty-two bytes or more', required: true }
const picky = {
  ...notes,
  admit: () => {
    throw new RoomError('not_invited', 'this party is over')
  },
}

beforeAll(async () => {
  server = await startServer({
    rooms: {
      '/full': { definition: notes, limits: { peers: 1 } },
      '/locked': { definition: notes, auth },
      '/few': { definition: notes, limits: { perAddress: 1 } },
      '/picky': { definition: picky },
    },
  })
})
afterEach(() => {
  for (const room of rooms.splice(0)) room.close()
})
afterAll(() => server.close())

/** The first state that says why. */
async function refusal(path: string, options: Options = {}): Promise<State> {
  const room = connect<typeof notes>(server.url + path, { retry: { firstMs: 1, baseMs: 1, capMs: 10 }, ...options })
  rooms.push(room)
  const { promise, resolve } = Promise.withResolvers<State>()
  room.onState((state) => state.status !== undefined && resolve(state))
  return promise
}

describe.each([
  ['a WebSocket', {}],
  ['no WebSocket at all', { WebSocket: Blocked as unknown as NonNullable<Options['WebSocket']> }],
])('over %s', (_, options) => {
  it('no room at the path', async () => {
    expect(await refusal('/nowhere', options)).toMatchObject({ state: 'waiting', status: 404, code: 'no_such_room' })
  })

  it('no token', async () => {
    expect(await refusal('/locked', options)).toMatchObject({ status: 401, code: 'no_token' })
  })

  it('a module that does not admit', async () => {
    const { promise, resolve } = Promise.withResolvers<State>()
    resolve(await refusal('/picky', options))
    expect(await promise).toMatchObject({ status: 403, code: 'not_invited', message: 'this party is over' })
  })

  it('a full room, and it comes in as soon as there is a place', async () => {
    const ann = await server.connect('/full')
    await ann.next('welcome')
    const why = await refusal('/full', options)
    expect(why).toMatchObject({ state: 'waiting', status: 503, code: 'room_full' })
    expect(why.message).toContain('1 peers')
    await ann.close()
    const [room] = rooms
    await vi.waitUntil(() => room?.state === 'open', { timeout: 60_000 })
  })
})

it('asking joins nobody and counts nobody in', async () => {
  const ask = () => fetch(`${server.url}/full?check=join&name=eve`)
  for (let n = 0; n < 3; n += 1) expect((await ask()).status).toBe(204)
  const ann = await server.connect('/full')
  expect((await ann.next('welcome')).type).toBe('welcome')
  expect(await (await ask()).json()).toMatchObject({ error: 'room_full' })
  expect((await fetch(`${server.url}/full?check=join&name=${'x'.repeat(99)}`)).status).toBe(400)
})

it('a server that answers nobody is no refusal', async () => {
  const states: State[] = []
  const room = connect('http://127.0.0.1:1/chat', { retry: { firstMs: 1, baseMs: 1, capMs: 10 } })
  rooms.push(room as ClientRoom<typeof notes>)
  const { promise, resolve } = Promise.withResolvers<void>()
  room.onState((state) => states.push(state) > 10 && resolve())
  await promise
  expect(states.filter(({ status }) => status !== undefined)).toEqual([])
})

it('who only asks takes no place, however often', async () => {
  for (let count = 0; count < 3; count += 1) expect((await fetch(`${server.url}/few?check=join`)).status).toBe(204)
})
