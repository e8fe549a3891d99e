/** The storage of a room on a server, over each log: kept over close and restart, and what happens where it does not fit. */
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { binary, defineRoom } from '../../src/define.ts'
import { refused } from '../support/client.ts'
import { openMoodyRoom } from '../support/moody-room.ts'
import { PLACES } from '../support/redis-place.ts'
import { startServer, type TestServer } from '../support/server.ts'

const KEYS = ['a/plain', 'a/\u0000 zero', 'a/𝒳 ✓', `a/${'x'.repeat(254)}`]
const BYTES = Uint8Array.from({ length: 300 }, (_, n) => n)

/** A room that says all it stores, and stores it if it has nothing. */
const shelf = (stores = { 'a/': z.unknown() as z.ZodType, 'b/': binary as z.ZodType }) =>
  defineRoom({
    stores,
    receives: { fill: z.object({}), tell: z.object({}) },
    sends: { all: z.unknown() },
    open: ({ storage }) => ({
      receive: {
        fill() {
          for (const [n, key] of KEYS.entries()) storage.set(key as 'a/x', { n, text: 'é\u2028\ud83d' })
          storage.set('b/1', BYTES)
          storage.set('b/2', new Uint8Array())
        },
        tell(peer) {
          const shown = storage.entries().map(([key, value]) => [key, value instanceof Uint8Array ? [...value] : value])
          peer.send('all', { size: storage.size, bytes: storage.bytes, shown })
        },
      },
    }),
  })

describe.each(PLACES)('the storage of a room, over the log in %s,', (kind, inPlace) => {
  const place = inPlace()
  let server: TestServer | undefined

  async function start(definition: unknown) {
    server = await startServer({ rooms: { '/shelf': { definition, idleAfter: 0 } }, ...(await place.setup()) })
    return server
  }

  async function said(server: TestServer, fill: boolean) {
    const ann = await server.connect('/shelf')
    if (fill) ann.send('fill', {}, 'fill')
    ann.send('tell', {}, 'tell')
    const { data } = await ann.next('all')
    await ann.close()
    return data
  }

  afterEach(async () => {
    await server?.close()
    server = undefined
  })

  it('comes back as it was: every key, JSON and bytes, after the room has closed and after a restart', async () => {
    const first = await start(shelf())
    const before = await said(first, true)
    expect(before).toMatchObject({ size: 6 })
    const closed = async () => await (await fetch(`${first.url}/`, { headers: { Accept: 'application/json' } })).json()
    await expect.poll(async () => JSON.stringify(await closed())).toContain('"members":0')
    expect(await said(first, false)).toEqual(before)
    if (kind === 'memory') return
    await first.close()
    expect(await said(await start(shelf()), false)).toEqual(before)
  })

  it('keeps what a room stores while it closes', async () => {
    const counting = defineRoom({
      stores: { closed: z.int().default(0) },
      sends: { closed: z.int() },
      open: ({ storage }) => ({
        join: (peer) => peer.send('closed', storage.get('closed')),
        close: async () => {
          await Promise.resolve()
          storage.set('closed', storage.get('closed') + 1)
        },
      }),
    })
    const server = await start(counting)
    for (const count of [0, 1, 2]) {
      const ann = await server.connect('/shelf')
      expect(await ann.next('closed')).toMatchObject({ data: count })
      await server.reload({ rooms: { '/shelf': { definition: counting, title: `Times ${count}` } } })
    }
  })

  it('that fits its schema no more keeps the room shut, with key and issue in the log; a reload mends it', async () => {
    const server = await start(shelf())
    server.expectError(/open failed/)
    await said(server, true)
    const stores = { 'a/': z.object({ n: z.int().max(2) }), 'b/': binary }
    await server.reload({ rooms: { '/shelf': { definition: shelf(stores), title: 'Changed' } } })
    expect(await refused(`${server.ws}/shelf`)).toMatchObject({ status: 503, body: { error: 'room_failed' } })
    const line = server.logs.find(({ msg }) => /open failed/.test(msg))
    expect(JSON.stringify(line)).toContain('storage.a/')
    expect(JSON.stringify(line)).toContain('n: Too big: expected number to be <=2')
    await server.reload({ rooms: { '/shelf': { definition: shelf(), title: 'Mended' } } })
    expect(await said(server, false)).toMatchObject({ size: 6 })
  })

  it('has keys that no name covers any more: they stay, are logged once, and come back with their name', async () => {
    const server = await start(shelf())
    const before = await said(server, true)
    const only = { 'b/': binary } as never
    await server.reload({ rooms: { '/shelf': { definition: shelf(only), title: 'Changed' } } })
    expect(await said(server, false)).toMatchObject({ size: 2 })
    const lines = server.logs.filter(({ msg }) => /stay on disk, unseen/.test(msg))
    expect(lines).toMatchObject([{ room: '/shelf', count: 4 }])
    await server.reload({ rooms: { '/shelf': { definition: shelf(), title: 'Back' } } })
    expect(await said(server, false)).toEqual(before)
  })
})

describe('a commit that fails', () => {
  it('undoes storage and alarms of its step and of all after it', async () => {
    let broken = false
    const mood = (call: string) => (call === 'append' ? { delayMs: 10, isBroken: broken } : undefined)
    const definition = defineRoom({
      stores: { count: z.int().default(0) },
      receives: { add: z.int() },
      sends: {},
      open: (room) => ({
        receive: {
          add(_, n) {
            room.storage.set('count', room.storage.get('count') + n)
            room.alarms.set('later', room.now() + 1e6 * n)
          },
        },
        alarm() {},
      }),
    })
    const { room, clock } = await openMoodyRoom(mood, undefined, definition)
    const post = (data: number) =>
      room
        .anonymousSender({ id: 'ann', name: 'ann', via: 'http' })
        .post([{ type: 'add', data, id: undefined }])
        .then(
          () => 'kept',
          (error) => error.code,
        )
    const first = post(1)
    await clock.advance(10)
    expect(await first).toBe('kept')
    const at = room.alarms.get('later')
    broken = true
    const outcomes = [post(10), post(100)]
    await clock.advance(0)
    expect(room.storage.get('count')).toBe(111)
    await clock.advance(10)
    expect(await Promise.all(outcomes)).toEqual(['unavailable', 'unavailable'])
    expect([room.storage.get('count'), room.alarms.get('later')]).toEqual([1, at])
    expect(room.storage.bytes).toBe('count1'.length)
  })

  it('of an alarm leaves it to be tried again', async () => {
    let broken = false
    let calls = 0
    const mood = (call: string) => (call === 'append' ? { delayMs: 10, isBroken: broken } : undefined)
    const definition = defineRoom({
      stores: { rung: z.int().default(0) },
      receives: {},
      sends: {},
      open: (room) => ({
        alarm() {
          calls += 1
          room.storage.set('rung', room.storage.get('rung') + 1)
        },
      }),
    })
    const { room, clock } = await openMoodyRoom(mood, undefined, definition)
    const state = () => [calls, room.storage.get('rung'), room.alarms.entries().length]
    room.alarms.set('a', room.now() + 1000)
    await clock.advance(10)
    broken = true
    await clock.advance(990)
    await clock.advance(10)
    expect(state()).toEqual([1, 0, 1])
    broken = false
    await clock.advance(1000)
    await clock.advance(10)
    expect(state()).toEqual([2, 1, 0])
    await clock.advance(1e6)
    expect(calls).toBe(2)
  })
})
