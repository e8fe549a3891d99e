/**
 * What the operator takes back: an event, a history, a room whole; in open rooms, in closed ones, and in rooms that do not
 * open any more. Over both logs.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { openStream } from '../support/event-stream.ts'
import { ADMIN_TOKEN, operatorOf } from '../support/operator.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let folder: string | undefined
afterEach(async () => {
  await server.close()
  if (folder) await rm(folder, { recursive: true, force: true })
  folder = undefined
})

const { list, look, act } = operatorOf(() => server)

/** A room that keeps notes, counts them in its storage, and has an alarm. */
let isBroken = false
const memo = defineRoom({
  receives: { note: z.string() },
  sends: { noted: z.string() },
  stores: { count: z.int().default(0) },
  open(room) {
    if (isBroken) throw new Error('broken')
    return {
      receive: {
        note(_, text) {
          room.storage.set('count', room.storage.get('count') + 1)
          room.alarms.set('far', room.now() + 1e9)
          return room.publish('noted', text)
        },
      },
      alarm() {},
    }
  },
})

describe.each(['memory', 'sqlite'])('over the %s log', (log) => {
  const start = async () => {
    isBroken = false
    folder = log === 'sqlite' ? await mkdtemp(join(tmpdir(), 'corridor-forget-')) : undefined
    const rooms = { '/memo/:name': { definition: memo, idleAfter: '1m' }, '/echo': {} }
    const env = { ADMIN_TOKEN, ...(folder && { DATA_DIR: folder }) }
    server = await startServer({ rooms, env })
    server.expectError(/open failed/)
  }
  const write = async (path: string, ...texts: string[]) => {
    const peer = await server.connect(path, { client: 'ann' })
    for (const [id, text] of texts.entries()) {
      peer.send('note', text, String(id))
      await peer.next('ack')
    }
    return peer
  }
  const close = async (path: string) => {
    await act('restart', { room: path })
    expect((await look(path)).state).toBe('closed')
  }
  const history = async (path: string) => (await fetch(`${server.url}${path}?offset=-1`)).json()
  const types = (events: unknown) => (events as { type: string; data: unknown }[]).map(({ type, data }) => [type, data])

  it('an event is redacted wherever it is read, in an open room and in a closed one', async () => {
    await start()
    const ann = await write('/memo/a', 'one', 'secret two', 'secret three')
    const [status, position] = await act('redact', { room: '/memo/a', seq: 2 })
    expect([status, position.seq]).toEqual([200, 4])
    expect(await ann.next('redacted')).toMatchObject({ seq: 4, data: { seq: 2 } })
    await close('/memo/a')
    expect((await act('redact', { room: '/memo/a', seq: 3 }))[1].seq).toBe(5)
    const expected = [
      ['noted', 'one'],
      ['redacted', { seq: 2 }],
      ['redacted', { seq: 3 }],
      ['redacted', { seq: 2 }],
      ['redacted', { seq: 3 }],
    ]
    expect(types(await history('/memo/a'))).toEqual(expected)
    for (const seq of [0, 6, 1e9]) {
      const [status, { error }] = await act('redact', { room: '/memo/a', seq })
      expect([status, error]).toEqual(seq === 0 ? [400, 'invalid'] : [410, 'gone'])
    }
    expect(await act('redact', { room: '/echo', seq: 1 })).toMatchObject([405, { error: 'raw_room' }])
  })

  it('a history is cleared: everyone hears it, older offsets do not resume, the storage stays', async () => {
    await start()
    const ann = await write('/memo/a', 'one', 'two')
    const { data } = await (await server.connect('/memo/a')).next<{ epoch: string }>('welcome')
    const stream = await openStream(`${server.url}/memo/a?offset=now&live=sse`)
    expect((await act('clear-history', { room: '/memo/a' }))[0]).toBe(200)
    const reset = await ann.next<{ epoch: string; first: number; seq: number; reason: string }>('reset')
    expect(reset.data).toMatchObject({ first: 3, seq: 2, reason: 'cleared' })
    expect(reset.data.epoch).not.toBe(data.epoch)
    expect((await stream.next('data')).data).toContain('"reason":"cleared"')
    stream.close()
    const offset = `${data.epoch}_${'1'.padStart(16, '0')}`
    const late = await server.connect('/memo/a', { offset })
    expect((await late.next('welcome')).data).toMatchObject({ resumed: false, reason: 'cleared' })
    ann.send('note', 'three', 'x')
    expect((await ann.next('noted')).seq).toBe(3)
    expect((await look('/memo/a')).storage).toMatchObject([{ key: 'count' }])
    await close('/memo/a')
    expect((await act('clear-history', { room: '/memo/a' }))[0]).toBe(200)
    expect(await history('/memo/a')).toEqual([])
    expect(await look('/memo/a')).toMatchObject({ seq: 3, alarms: [{ name: 'far', failures: 0 }] })
  })

  it('a room is erased whole; its peers come back into an empty one', async () => {
    await start()
    const ann = await write('/memo/a', 'one', 'secret two')
    const { data } = await (await server.connect('/memo/a')).next<{ epoch: string }>('welcome')
    expect((await look('/memo/a')).storageBytes).toBeGreaterThan(0)
    expect(await act('erase', { room: '/memo/a' })).toEqual([200, { erased: true }])
    expect((await ann.closed).code).toBe(1012)
    expect(await look('/memo/a')).toMatchObject({ state: 'closed', storage: [], alarms: [], storageBytes: 0 })
    const back = await server.connect('/memo/a', { client: 'ann', offset: `${data.epoch}_${'1'.padStart(16, '0')}` })
    expect((await back.next('welcome')).data).toMatchObject({ resumed: false, reason: 'cleared' })
    // Remembered ids are gone too: the same id is another message.
    back.send('note', 'other', '0')
    expect(await back.next('ack')).toMatchObject({ id: '0' })
    expect(types(await history('/memo/a'))).toEqual([['noted', 'other']])
    expect(await act('erase', { room: '/memo/never' })).toEqual([200, { erased: false }])
    if (folder) {
      const files = ['corridor.db', 'corridor.db-wal'].map((name) => readFile(join(folder ?? '', name), 'latin1'))
      for (const text of await Promise.all(files)) expect(text).not.toContain('secret two')
    }
  })

  it('also of a room that does not open any more', async () => {
    await start()
    await write('/memo/a', 'one', 'two')
    await close('/memo/a')
    isBroken = true
    await expect(server.connect('/memo/a')).rejects.toThrow('503')
    const failed = { state: 'failed', error: 'broken', seq: 2, storage: [{ key: 'count' }], alarms: [{ name: 'far' }] }
    expect(await look('/memo/a')).toMatchObject(failed)
    expect((await act('redact', { room: '/memo/a', seq: 1 }))[1].seq).toBe(3)
    expect((await act('clear-history', { room: '/memo/a' }))[0]).toBe(200)
    expect(await act('erase', { room: '/memo/a' })).toEqual([200, { erased: true }])
    expect(await look('/memo/a')).toMatchObject({ state: 'closed', storage: [], alarms: [] })
  })

  it('closed rooms that keep something are listed with ?all, with the others, page by page', async () => {
    await start()
    for (const name of ['a', 'b', 'c', 'd']) await write(`/memo/${name}`, 'x')
    await server.connect('/echo')
    for (const name of ['a', 'c']) await close(`/memo/${name}`)
    isBroken = true
    await expect(server.connect('/memo/c')).rejects.toThrow('503')
    await expect(server.connect('/memo/e')).rejects.toThrow('503')
    const states = async (query: string) => (await list(query)).rooms.map(({ room, state }) => [room, state])
    const all = [
      ['/echo', 'open'],
      ['/memo/a', 'closed'],
      ['/memo/b', 'open'],
      ['/memo/c', 'failed'],
      ['/memo/d', 'open'],
      ['/memo/e', 'failed'],
    ]
    expect(await states('?all')).toEqual(all)
    expect(await states('')).toEqual(all.filter(([, state]) => state !== 'closed'))
    expect(await states('?all&limit=2&after=/echo')).toEqual(all.slice(1, 3))
    expect((await list('?all&limit=2&after=/echo')).next).toBe('/memo/b')
    expect((await list('?all&limit=3&after=/memo/b')).next).toBe(undefined)
    expect((await list('?all')).rooms[1]).toMatchObject({ seq: 1, alarms: 1, openedAt: null, members: 0 })
    expect((await list('?all')).rooms[2]).toMatchObject({ seq: 1, alarms: 1, storageBytes: 6 })
    await server.reload({ rooms: { '/echo': {} } })
    expect(await states('?all')).toEqual([['/echo', 'open']])
  })
})
