/** Who a peer is to a room: the id of a guest, what its data begins as, and whether it was here before. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { post } from '../support/event-stream.ts'
import { startServer, type TestServer } from '../support/server.ts'

let folder: string
let server: TestServer
let joined: { id: string; resumed: boolean; data: unknown }[]
let spoke: string[]

const room = defineRoom({
  receives: { say: z.string() },
  sends: { said: z.string() },
  data: ({ id, name, claims }) => ({ first: `${name} ${id.length} ${claims?.sub}`, count: 0 }),
  open: (room) => ({
    join: ({ id, resumed, data }) => joined.push({ id, resumed, data }),
    receive: {
      say(peer, text) {
        peer.data.count += 1
        spoke.push(peer.id)
        if (text === 'throw') throw new Error('planned')
        void room.publish('said', `${text} ${peer.data.count}`)
      },
    },
  }),
})

const start = async () => {
  const rooms = {
    '/a': { definition: room },
    '/b': { definition: room },
    '/bad': { definition: { ...room, data: () => 'text' } },
  }
  server = await startServer({ rooms, env: { DATA_DIR: folder } })
}

beforeEach(async () => {
  joined = []
  spoke = []
  folder = await mkdtemp(join(tmpdir(), 'corridor-who-'))
  await start()
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const idOf = async (path: string, query: Record<string, string> = {}) => {
  const client = await server.connect(path, query)
  const { data } = await client.next<{ you: { id: string } }>('welcome')
  client.socket.terminate()
  return data.you.id
}

it('a guest who gives its client has the same id in a room each time, over restarts too', async () => {
  const id = await idOf('/a', { client: 'c1' })
  expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  expect(await idOf('/a', { client: 'c1' })).toBe(id)
  const others = [
    await idOf('/b', { client: 'c1' }),
    await idOf('/a', { client: 'c2' }),
    await idOf('/a'),
    await idOf('/a'),
  ]
  expect(new Set([id, ...others]).size).toBe(5)
  await post(`${server.url}/a?client=c1`, { type: 'say', data: 'posted' })
  expect(spoke).toEqual([id])
  await server.close()
  await start()
  expect(await idOf('/a', { client: 'c1' })).toBe(id)
})

it('its data begins as the definition says, and lasts as long as the member', async () => {
  const ann = await server.connect('/a', { name: 'ann', client: 'c' })
  for (const text of ['x', 'y']) ann.send('say', text)
  expect([(await ann.next('said')).data, (await ann.next('said')).data]).toEqual(['x 1', 'y 2'])
  ann.socket.terminate()
  const again = await server.connect('/a', { name: 'ann', client: 'c', offset: 'now' })
  again.send('say', 'z')
  expect((await again.next('said')).data).toBe('z 3')
  expect(joined).toMatchObject([{ data: { first: 'ann 36 undefined', count: 3 } }])
})

it('where data returns no object, its handler has failed', async () => {
  server.expectError(/handler failed/)
  const ann = await server.connect('/bad', { client: 'c' })
  expect(await ann.closed).toMatchObject({ code: 1008, reason: 'internal' })
})

it('it was here before where its offset resumes, not where it just reads the past', async () => {
  const ann = await server.connect('/a', { client: 'c' })
  const { data } = await ann.next<{ epoch: string }>('welcome')
  ann.send('say', 'x', 'm')
  await ann.next('ack')
  await server.close()
  await start()
  const offset = `${data.epoch}_${'1'.padStart(16, '0')}`
  for (const query of [
    { client: 'c', offset },
    { client: 'd', offset: '-1' },
    { client: 'e' },
    { client: 'f', offset: `${'f'.repeat(32)}_${'1'.padStart(16, '0')}` },
  ]) {
    const peer = await server.connect('/a', query)
    await peer.next('welcome')
  }
  expect(joined.map(({ resumed }) => resumed)).toEqual([false, true, false, false, false])
})
