/** What the operator sees of rooms, and does to them and their peers. `admin.test.ts` shows who may. */
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import notes from '../support/notes.ts'
import { ADMIN_TOKEN, operatorOf, type RoomLine } from '../support/operator.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { joinStream } from '../support/stream-peer.ts'
import { SECRET, sign } from '../support/tokens.ts'

let server: TestServer
afterEach(() => server.close())

const { list, look, act } = operatorOf(() => server)
const start = (rooms: Record<string, Record<string, unknown>>, env = {}) =>
  startServer({ rooms, env: { ADMIN_TOKEN, ...env } })

describe('/admin/rooms', () => {
  it('lists open rooms by path, page by page', async () => {
    server = await start({ '/notes': { definition: notes }, '/r/:name': { module: 'chat' }, '/echo': {} })
    expect(await list()).toEqual({ rooms: [] })
    const before = Date.now()
    const ann = await server.connect('/notes', { client: 'ann' })
    for (const path of ['/r/c', '/r/%C3%A9', '/r/a', '/echo', '/r/b']) await server.connect(path)
    ann.send('note', { text: 'a' }, '1')
    await ann.next('ack')
    const all = await list()
    expect(all.rooms.map(({ room }) => room)).toEqual(['/echo', '/notes', '/r/%C3%A9', '/r/a', '/r/b', '/r/c'])
    const { openedAt, messagesPerSecond, ...rest } = all.rooms[1] as RoomLine
    expect(rest).toEqual({
      room: '/notes',
      module: 'echo',
      state: 'open',
      members: 1,
      connections: 1,
      seq: 1,
      storageBytes: 0,
      alarms: 0,
      node: null,
    })
    expect(openedAt).toBeGreaterThanOrEqual(before)
    expect(messagesPerSecond).toBeGreaterThan(0)
    const first = await list('?limit=4')
    expect([first.rooms.length, first.next]).toEqual([4, '/r/a'])
    const second = await list(`?limit=4&after=${encodeURIComponent(first.next ?? '')}`)
    expect([second.rooms.map(({ room }) => room), second.next]).toEqual([['/r/b', '/r/c'], undefined])
  })

  it('shows a room that failed to open, with its error, until it opens', async () => {
    let isBroken = true
    const fickle = defineRoom({
      open() {
        if (isBroken) throw new Error('no database')
        return {}
      },
    })
    server = await start({ '/fickle': { definition: fickle } })
    server.expectError(/open failed/)
    await expect(server.connect('/fickle')).rejects.toThrow('503')
    const { rooms } = await list()
    expect(rooms.map(({ room, state, error, openedAt }) => [room, state, error, openedAt])).toEqual([
      ['/fickle', 'failed', 'no database', null],
    ])
    expect(await look('/fickle')).toMatchObject({ state: 'failed', error: 'no database', peers: [] })
    expect((await act('say', { room: '/fickle', type: 'x' }))[0]).toBe(503)
    isBroken = false
    await server.connect('/fickle')
    expect((await list()).rooms[0]).toMatchObject({ room: '/fickle', state: 'open', members: 1 })
    expect((await list()).rooms[0]?.error).toBe(undefined)
  })

  it('forgets a failed room that is restarted, or no more in the configuration', async () => {
    const broken = defineRoom({ open: () => Promise.reject(new Error('no')) })
    server = await start({ '/a': { definition: broken }, '/b': { definition: broken } })
    server.expectError(/open failed/)
    for (const path of ['/a', '/b']) await expect(server.connect(path)).rejects.toThrow('503')
    expect(await act('restart', { room: '/a' })).toEqual([200, { restarted: false }])
    expect((await list()).rooms.map(({ room }) => room)).toEqual(['/b'])
    await server.reload({ rooms: { '/a': { definition: broken } } })
    expect(await list()).toEqual({ rooms: [] })
  })
})

describe('/admin/room', () => {
  it('shows who is there, how and from where', async () => {
    server = await start({ '/notes': { definition: notes, rejoinWithin: '1m' } }, { TRUST_PROXY: 'loopback' })
    expect(await look('/notes')).toMatchObject({ room: '/notes', state: 'closed', openedAt: null, seq: 0, peers: [] })
    const before = Date.now()
    const from = (address: string) => ({ headers: { 'x-forwarded-for': address, 'x-forwarded-proto': 'http' } })
    const ann = await server.connect('/notes', { name: 'Ann', client: 'ann' }, from('192.0.2.7'))
    await ann.next('welcome')
    const bob = await joinStream(`${server.url}/notes`, { client: 'bob', name: 'Bob' })
    const room = await look('/notes')
    expect([room.members, room.connections]).toEqual([2, 2])
    expect(
      room.peers.map(({ name, via, address, isHere, waitingBytes }) => [name, via, address, isHere, waitingBytes]),
    ).toEqual([
      ['Ann', 'websocket', '192.0.2.7', true, 0],
      ['Bob', 'http', '127.0.0.1', true, 0],
    ])
    expect(new Set(room.peers.map(({ connection }) => connection)).size).toBe(2)
    for (const { since } of room.peers) expect(since).toBeGreaterThanOrEqual(before)
    ann.terminate()
    await expect.poll(async () => (await look('/notes')).peers[0]?.isHere).toBe(false)
    const { members, connections } = await look('/notes')
    expect([members, connections]).toEqual([2, 1])
    bob.terminate()
  })
})

describe('/admin/kick', () => {
  const left: string[] = []
  const seen = defineRoom({
    receives: { say: z.string() },
    sends: { said: z.string() },
    open: (room) => ({
      leave: (peer) => void left.push(peer.name),
      receive: { say: (peer, text) => room.publish('said', `${peer.name}: ${text}`) },
    }),
  })

  it('ends all connections of an id, or one connection, with 4403; they may come in again', async () => {
    left.length = 0
    server = await start({ '/seen': { definition: seen, auth: { secret: SECRET }, rejoinWithin: '1m' } })
    const enter = async (sub: string, name: string, client: string) =>
      server.connect('/seen', { client }, { headers: { authorization: `Bearer ${await sign({ sub, name })}` } })
    const [tab1, tab2] = [await enter('ann', 'Ann', '1'), await enter('ann', 'Ann', '2')]
    const bob = await enter('bob', 'Bob', '3')
    expect(await act('kick', { room: '/seen', id: 'ann', reason: 'be kind' })).toEqual([200, { kicked: 2 }])
    // No member from that moment, whatever its connection still brings.
    tab1.send('say', 'still here')
    expect((await look('/seen')).peers.map(({ id }) => id)).toEqual(['bob'])
    for (const tab of [tab1, tab2]) expect(await tab.closed).toEqual({ code: 4403, reason: 'be kind' })
    expect(left).toEqual(['Ann', 'Ann'])
    const again = await enter('ann', 'Ann', '1')
    await again.next('welcome')
    const [{ connection } = { connection: '' }] = (await look('/seen')).peers
    expect(await act('kick', { room: '/seen', connection })).toEqual([200, { kicked: 1 }])
    expect((await bob.closed).code).toBe(4403)
    expect(await act('kick', { room: '/seen', connection })).toEqual([200, { kicked: 0 }])
    expect((await look('/seen')).seq).toBe(0)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toContain('corridor_closes_total{code="4403"} 3')
  })

  it('also one who is away and waited for, and nobody where the room is not open', async () => {
    left.length = 0
    server = await start({ '/seen': { definition: seen, rejoinWithin: '1m' } })
    expect(await act('kick', { room: '/seen', id: 'ann' })).toEqual([200, { kicked: 0 }])
    const ann = await server.connect('/seen', { client: 'ann', name: 'Ann' })
    await server.connect('/seen')
    const [{ id } = { id: '' }] = (await look('/seen')).peers
    ann.terminate()
    await expect.poll(async () => (await look('/seen')).connections).toBe(1)
    expect(await act('kick', { room: '/seen', id })).toEqual([200, { kicked: 1 }])
    expect([left, (await look('/seen')).members]).toEqual([['Ann'], 1])
  })
})

describe('/admin/restart', () => {
  it('closes the room with 1012, and its peers come back into a new one', async () => {
    let opened = 0
    const counted = defineRoom({
      receives: {},
      sends: { opened: z.int() },
      open() {
        opened += 1
        const mine = opened
        return { join: (peer) => peer.send('opened', mine) }
      },
    })
    server = await start({ '/counted': { definition: counted } })
    const ann = await server.connect('/counted')
    expect((await ann.next('opened')).data).toBe(1)
    expect(await act('restart', { room: '/counted' })).toEqual([200, { restarted: true }])
    expect((await ann.closed).code).toBe(1012)
    expect((await look('/counted')).state).toBe('closed')
    expect(await act('restart', { room: '/counted' })).toEqual([200, { restarted: false }])
    const again = await server.connect('/counted')
    expect((await again.next('opened')).data).toBe(2)
  })

  it('lets nobody into the old room while it closes', async () => {
    let finish = () => {}
    const slow = defineRoom({
      open: () => ({
        close: () =>
          new Promise<void>((resolve) => {
            finish = resolve
          }),
      }),
    })
    server = await start({ '/slow': { definition: slow } })
    const old = await server.connect('/slow')
    const restarted = act('restart', { room: '/slow' })
    await old.closed
    const entering = server.connect('/slow')
    expect((await look('/slow')).state).toBe('closed')
    finish()
    expect((await restarted)[1]).toEqual({ restarted: true })
    await entering
    expect(await look('/slow')).toMatchObject({ state: 'open', members: 1 })
    finish = () => {}
    const closing = server.reload({ rooms: {} })
    await expect.poll(() => server.server.config.mounts.length).toBe(0)
    finish()
    await closing
  })
})
