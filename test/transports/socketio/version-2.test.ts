/**
 * Clients of version 2 (2.2.0 to the letter), which speak an older protocol: their `query` is their `auth`, they are put
 * into `/` before anything else, and a refusal is an `error`.
 */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../../src/define.ts'
import { connected, hears, openCutOff, SAYINGS, welcome } from '../../support/cut-off.ts'
import { StockSocket, type Transport, TYPES } from '../../support/stock-socket.ts'
import { SECRET, sign } from '../../support/tokens.ts'
import { type Version2Socket, version2 } from '../../support/version-2.ts'

/** Who came and went. */
const calls: string[] = []
const root = defineRoom({
  receives: { say: z.string() },
  sends: { said: z.string() },
  open: (room) => ({
    join: (peer) => void calls.push(`join ${peer.name}`),
    leave: (peer) => void calls.push(`leave ${peer.name}`),
    receive: { say: (_, text) => room.publish('said', text) },
  }),
})

const rooms = {
  '/room': { definition: SAYINGS },
  '/short': { definition: SAYINGS, history: { keep: 2, replay: 1 } },
  '/other': { definition: root },
  '/locked': { definition: SAYINGS, auth: { secret: SECRET, required: true } },
  '/r/:name': { definition: SAYINGS },
  '/echo': { module: 'echo' },
}
const WAYS: [string, Transport[]][] = [
  ['websocket', ['websocket']],
  ['polling', ['polling']],
  ['polling, then websocket', ['polling', 'websocket']],
]

describe.each(WAYS)('a client of 2.2.0 over %s', (_, transports) => {
  const corridor = openCutOff(rooms)
  const open = (path: string, options?: object) =>
    corridor.watch(version2(`${corridor.cable.url}${path}`, transports, options))
  const ask = (client: StockSocket<Version2Socket>, ...args: unknown[]) => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    client.socket.emit(...(args as [string]), resolve)
    return promise
  }
  const refusal = async (client: StockSocket<Version2Socket>) => (await client.next('error'))[0]

  it('gets its welcome first, is answered, and hears what the others hear', async () => {
    const ann = open('/room', { query: { name: 'ann' } })
    expect(await welcome(ann)).toMatchObject({ room: '/room', you: { name: 'ann' } })
    expect(ann.heard[0]?.type).toBe('welcome')
    const bob = corridor.open('/room')
    await welcome(bob)
    const carol = await corridor.server.connect('/room')
    await carol.next('welcome')
    expect(await ask(ann, 'say', '世界', { id: 'm1' })).toMatchObject({ ok: true, seq: 1 })
    expect(await ask(ann, 'say', 7)).toMatchObject({ ok: false, code: 'invalid' })
    for (const heard of [await ann.next('said'), await bob.next('said')]) {
      expect(heard).toEqual([
        '世界',
        { seq: 1, time: expect.any(Number) },
        expect.stringMatching(/^[0-9a-f]{32}_0{15}1$/),
      ])
    }
    expect(await carol.next('said')).toMatchObject({ seq: 1, data: '世界' })
    carol.send('say', 'back', 'm2')
    await hears(ann, 'back')
    ann.socket.emit('say', 7)
    expect(await refusal(ann)).toMatchObject({ code: 'invalid' })
  })

  it('sends and gets bytes in a raw room', async () => {
    const ann = open('/echo')
    ann.socket.send('text')
    expect(await ann.next('message')).toEqual(['text'])
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value))
    ann.socket.send(bytes)
    expect(Buffer.from((await ann.next('message'))[0] as Uint8Array)).toEqual(bytes)
  })

  it.each([
    ['an object', '/room', { query: { name: 'ann', client: 'c1', offset: '-1' } }],
    ['a text', '/room', { query: 'name=ann&client=c1&offset=-1' }],
    ['part of the URL', '/room?name=ann&client=c1&offset=-1', {}],
  ])('says who it is in its query, as %s', async (_, path, options) => {
    const ann = open(path, options)
    expect(await welcome(ann)).toMatchObject({ resumed: true, you: { name: 'ann' } })
    expect(await ask(ann, 'say', 'once', { id: 'm1' })).toMatchObject({ ok: true, seq: 1 })
    ann.socket.disconnect()
    const again = open(path, options)
    await welcome(again)
    expect(await ask(again, 'say', 'once', { id: 'm1' })).toMatchObject({ ok: true, seq: 1, duplicate: true })
  })

  it('brings its token in the query; without one it is refused with the reason', async () => {
    const none = open('/locked')
    expect(await refusal(none)).toMatchObject({ code: 'no_token', status: 401, message: expect.any(String) })
    expect(none.connects).toEqual([])
    const ann = open('/locked', { query: { token: await sign({ sub: 'ann' }) } })
    expect((await welcome(ann)).you).toMatchObject({ id: 'ann' })
  })

  it.each([
    ['/nowhere', {}, { code: 'no_such_room', status: 404 }],
    ['/room', { query: { offset: 'garbage' } }, { code: 'bad_offset', status: 400 }],
    ['/room', { query: { name: 'x'.repeat(100) } }, { code: 'bad_name', status: 400 }],
  ])('is refused at %s with %j, and its other namespaces are not', async (path, options, reason) => {
    const ann = open('/room')
    await welcome(ann)
    const refused = new StockSocket(ann.socket.io.socket(path === '/room' ? '/short' : path, options), TYPES)
    expect(await refusal(refused)).toMatchObject(reason)
    expect(refused.connects).toEqual([])
    expect(await ask(ann, 'say', 'still here')).toMatchObject({ ok: true })
    expect(ann.disconnects).toEqual([])
  })

  it('resumes by the last offset in its query', async () => {
    const ann = open('/room')
    const other = await corridor.speaker('/room')
    await welcome(ann)
    await other.say('1')
    ann.socket.query = { offset: (await ann.next('said'))[2] }
    await corridor.lose(ann)
    await other.say('2', '3')
    corridor.cable.plug()
    await connected(ann, 2)
    await hears(ann, '3')
    expect((await welcome(ann)).resumed).toBe(true)
    expect(ann.all('said')).toEqual(['1', '2', '3'])
  })

  it('enters a room whose name is not English', async () => {
    const ann = open('/r/世界')
    expect(await welcome(ann)).toMatchObject({ room: encodeURI('/r/世界') })
    expect(await ask(ann, 'say', 'hi')).toMatchObject({ ok: true, seq: 1 })
  })

  it('leaves a room at once, and stays in the others', async () => {
    calls.length = 0
    const ann = open('/other', { query: { name: 'ann', client: 'c1' } })
    await welcome(ann)
    const second = new StockSocket(ann.socket.io.socket('/room'), TYPES)
    await welcome(second)
    ann.socket.disconnect()
    await expect.poll(() => calls).toEqual(['join ann', 'leave ann'])
    expect(await ask(second, 'say', 'still here')).toMatchObject({ ok: true })
  })
})

describe.each(WAYS)('the namespace / that 2.2.0 is put into, over %s', (_, transports) => {
  describe('where no room is', () => {
    const corridor = openCutOff(rooms)

    it('refuses nothing, and answers what is said there', async () => {
      const lobby = corridor.watch(version2(`${corridor.cable.url}/`, transports))
      await connected(lobby, 1)
      const ann = new StockSocket(lobby.socket.io.socket('/room'), TYPES)
      await welcome(ann)
      const { promise, resolve } = Promise.withResolvers<unknown>()
      lobby.socket.emit('say', 'anyone?', resolve)
      expect(await promise).toMatchObject({ ok: false, code: 'no_such_room' })
      lobby.socket.emit('say', 'anyone?')
      expect((await lobby.next('error'))[0]).toMatchObject({ code: 'no_such_room' })
      expect(ann.heard.map(({ type }) => type)).toEqual(['welcome'])
      expect(ann.socket.connected).toBe(true)
    })
  })

  describe('where a room is', () => {
    const corridor = openCutOff({ ...rooms, '/': { definition: root } })

    it('is no join until it says something there', async () => {
      calls.length = 0
      const ann = corridor.watch(version2(`${corridor.cable.url}/`, transports, { query: { name: 'ann' } }))
      await connected(ann, 1)
      const bob = corridor.open('/', 'websocket', { auth: { name: 'bob' } })
      await welcome(bob)
      expect(calls).toEqual(['join bob'])
      const { promise, resolve } = Promise.withResolvers<unknown>()
      ann.socket.emit('say', 'here I am', resolve)
      ann.socket.emit('say', 'and on')
      expect(await promise).toMatchObject({ ok: true, seq: 1 })
      expect(await welcome(ann)).toMatchObject({ room: '/', you: { name: 'ann' } })
      await hears(ann, 'and on')
      await hears(bob, 'and on')
      expect(calls).toEqual(['join bob', 'join ann'])
      expect(ann.all('said')).toEqual(['here I am', 'and on'])
      ann.socket.disconnect()
      await expect.poll(() => calls).toEqual(['join bob', 'join ann', 'leave ann'])
    })
  })
})

describe('the heartbeat of 2.2.0', () => {
  const corridor = openCutOff(
    { '/room': { definition: SAYINGS, limits: { heartbeat: '100ms' } } },
    { defaults: { limits: { heartbeat: '100ms' } } },
  )

  it('is asked by the client and answered by the server', async () => {
    const ann = corridor.watch(version2(`${corridor.cable.url}/room`, ['websocket']))
    await welcome(ann)
    for (let count = 1; count <= 3; count += 1) await ann.next('pong')
    expect(ann.disconnects).toEqual([])
  })
})
