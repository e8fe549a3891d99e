/** Nothing is written before there is something to keep. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { Store } from '../../src/log/sqlite/store.ts'
import { systemRandom } from '../../src/random.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { connect } from '../support/client.ts'
import { openKept } from '../support/kept-log.ts'
import { startServer, type TestServer } from '../support/server.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const talk = defineRoom({
  receives: { say: z.string().max(5) },
  sends: { said: z.string() },
  open: (room) => ({ receive: { say: (_, text) => room.publish('said', text) } }),
})
const raw = defineRoom({ open: () => ({ message: (peer, data) => peer.send(data) }) })

let folder: string
const file = () => join(folder, 'corridor.db')
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'corridor-nothing-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** How many rows each table of the database has. */
function rows(): Record<string, number> {
  const db = new DatabaseSync(file())
  try {
    const count = (table: string) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n)
    return Object.fromEntries(['rooms', 'epochs', 'events', 'answers'].map((table) => [table, count(table)]))
  } finally {
    db.close()
  }
}

describe('a room in which nothing is published', () => {
  let server: TestServer
  const start = async () => {
    const rooms = { '/r/:name': { definition: talk }, '/raw/:name': { definition: raw } }
    server = await startServer({ rooms, env: { DATA_DIR: folder } })
  }
  beforeEach(start)

  const ways: Record<string, (name: string) => Promise<unknown>> = {
    'a read': async (name) => (await fetch(`${server.url}/r/${name}?offset=-1`)).text(),
    'a long poll that is given up': async (name) => {
      const aborted = new AbortController()
      const answer = fetch(`${server.url}/r/${name}?offset=now&live=long-poll`, { signal: aborted.signal })
      await fetch(`${server.url}/r/${name}?offset=-1`)
      aborted.abort()
      await answer.catch(() => {})
    },
    'an event stream': async (name) => {
      const answer = await fetch(`${server.url}/r/${name}?offset=-1&live=sse`)
      await answer.body?.cancel()
    },
    'a description': async (name) => (await fetch(`${server.url}/r/${name}`)).json(),
    'a WebSocket': async (name) => {
      const ann = await connect(`${server.ws}/r/${name}?client=ann`)
      await ann.next('welcome')
      await ann.close()
    },
    'a message that is refused': async (name) => {
      const ann = await connect(`${server.ws}/r/${name}?client=ann`)
      ann.send('say', 'too long a text', 'id')
      expect((await ann.next('error')).id).toBe('id')
      await ann.close()
    },
    'a POST that is refused': async (name) => {
      const body = JSON.stringify({ type: 'say', data: 'too long a text' })
      const headers = { 'Content-Type': 'application/json' }
      expect((await fetch(`${server.url}/r/${name}`, { method: 'POST', headers, body })).status).toBe(400)
    },
    'a message to a raw room': async (name) => {
      const ann = await connect(`${server.ws}/raw/${name}`)
      ann.sendText('hello')
      expect(await ann.nextText()).toBe('hello')
      await ann.close()
    },
  }

  it.each(Object.entries(ways))('leaves nothing on disk when it is opened by %s', async (_, open) => {
    await open('one')
    await open('two')
    await server.close()
    expect(rows()).toEqual({ rooms: 0, epochs: 0, events: 0, answers: 0 })
  })

  it('is in its description, and resumes offsets that were handed out after any number of restarts', async () => {
    const offsets: string[] = []
    for (let life = 0; life < 3; life += 1) {
      const read = await fetch(`${server.url}/r/tea?offset=-1`)
      offsets.push(read.headers.get('stream-next-offset') ?? '')
      await server.close()
      await start()
    }
    const ann = await connect(`${server.ws}/r/tea?client=ann`)
    ann.send('say', 'a', 'id')
    await ann.next('ack')
    await ann.close()
    for (const offset of offsets) {
      const back = await connect(`${server.ws}/r/tea?offset=${offset}`)
      expect((await back.next<{ resumed: boolean }>('welcome')).data.resumed).toBe(true)
      expect(await back.next('said')).toMatchObject({ seq: 1, data: 'a' })
      await back.close()
    }
    await server.close()
    expect(rows()).toEqual({ rooms: 1, epochs: 1, events: 1, answers: 1 })
  })
})

describe('a life in which nothing was published', () => {
  const clock = handClock()
  const open = async () => {
    const log = await SqliteLog.open(folder, clock, systemRandom(), silent)
    return { log, room: await openKept(log, '/room', { keep: 100, maxAgeMs: 1e9, durable: true }) }
  }
  const draft = { type: 'message', data: '{}' }

  it('is known from a backup of its time, and its offsets show what a restored backup lost', async () => {
    const a = await open()
    await a.room.append([draft, draft])
    await a.log.close()
    const b = await open()
    // A copy of the running log, before anything was published in this life.
    await b.log.close()
    copyFileSync(file(), join(folder, 'copy'))
    const c = await open()
    await c.room.append([draft])
    await c.log.close()
    copyFileSync(join(folder, 'copy'), file())
    const d = await open()
    expect(d.room.locate(b.room.epoch, 2)).toEqual({ after: 2 })
    expect(d.room.locate(b.room.epoch, 3)).toEqual({ lost: 'truncated' })
    // A life after the backup is unknown, and so is whatever was seen in it.
    expect(d.room.locate(c.room.epoch, 3)).toEqual({ lost: 'epoch' })
    expect(d.room.locate(c.room.epoch, 2)).toEqual({ lost: 'epoch' })
    await d.log.close()
  })

  it('never gives an epoch again to a room that was forgotten and counts from 1', async () => {
    const a = await open()
    await a.room.append([draft])
    await a.room.close()
    await clock.advance(2e9)
    await expect
      .poll(async () => {
        await clock.advance(10_000)
        return a.log.peek('/room')
      })
      .toBeUndefined()
    const again = await openKept(a.log, '/room', { keep: 100, maxAgeMs: 1e9, durable: true })
    expect([again.first, again.seq]).toEqual([1, 0])
    expect(again.locate(a.room.epoch, 1)).not.toHaveProperty('after')
    await again.append([draft])
    expect(again.locate(a.room.epoch, 1)).not.toHaveProperty('after')
    await a.log.close()
  })
})

it('a room of which nothing is left stays as long as somebody may still have its offsets: since it was last opened', () => {
  const store = new Store(file())
  const begun = 1_000_000
  const entry = { epoch: begun.toString(16).padStart(12, '0').padEnd(32, '0'), first: 1 }
  const begins = [{ id: 1, path: '/room', maxAgeMs: 10, forgetAfterMs: undefined, entry, epochCount: 1 }]
  store.commit({ now: begun, begins, events: [1, 1, begun, 'said', '{}'], keys: [], changes: [] })
  expect(store.drop(1, begun + 5000)).toBe(false)
  store.trim(1, 0, 10, begun + 100)
  store.open('/room', begun + 3000, { count: 10, bytes: 1000 })
  expect(store.drop(1, begun + 3000)).toBe(false)
  expect(store.peek('/room')).toMatchObject({ seq: 1 })
  expect(store.drop(1, begun + 3001)).toBe(true)
  expect(store.peek('/room')).toBeUndefined()
  store.close()
})
