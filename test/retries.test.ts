/** A message said again under its id is handled once: over a lost connection, over a restart, and while it is handled. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../src/define.ts'
import { fingerprint, Recalls } from '../src/log/recalls.ts'
import { SqliteLog } from '../src/log/sqlite.ts'
import { handClock } from '../src/testing/hand-clock.ts'
import type { Client, EventFrame } from './support/client.ts'
import { startServer, type TestServer } from './support/server.ts'

/** What handlers did, and a gate that one of them waits at. */
const handled: string[] = []
let gate = Promise.withResolvers<void>()
let isBroken = false

const definition = defineRoom({
  receives: { say: z.string(), note: z.string(), wait: z.string(), fail: z.string(), sayAndFail: z.string() },
  sends: { said: z.string() },
  open: (room) => ({
    receive: {
      say(_, text) {
        handled.push(text)
        return room.publish('said', text)
      },
      note: (_, text) => void handled.push(text),
      async wait(_, text) {
        handled.push(text)
        await gate.promise
        await room.publish('said', text)
      },
      async fail(_, text) {
        handled.push(text)
        if (isBroken) throw new Error('planned')
        await room.publish('said', text)
      },
      sayAndFail(_, text) {
        handled.push(text)
        void room.publish('said', text)
        throw new Error('planned')
      },
    },
  }),
})
const limits = { rate: { perSecond: 10_000, burst: 10_000 } }

describe.each(['a file', ':memory:'])('over a server with its log in %s', (place) => {
  let folder: string
  let server: TestServer

  const start = async () => {
    const env = { DATA_DIR: place === ':memory:' ? place : folder }
    server = await startServer({ rooms: { '/room': { definition, limits } }, env })
    server.expectError(/receive handler failed/)
  }
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'corridor-retries-'))
    handled.length = 0
    gate = Promise.withResolvers()
    isBroken = false
    await start()
  })
  afterEach(async () => {
    gate.resolve()
    await server.close()
    rmSync(folder, { recursive: true })
  })

  const enter = (client = 'ann') => server.connect('/room', client ? { client } : {})
  const answer = async (client: Client, id: string): Promise<EventFrame> => {
    for (;;) {
      const frame = await client.next()
      if (frame.id === id) return frame
    }
  }
  const send = (client: Client, type: string, text: string, id: string) => {
    client.send(type, text, id)
    return answer(client, id)
  }
  const kept = place === ':memory:' ? 'memory' : 'fsync'
  const conflict = { type: 'error', data: { code: 'conflict' } }

  it('is acknowledged with its first place, also on another connection', async () => {
    const ann = await enter()
    expect(await send(ann, 'say', 'a', '1')).toEqual({ type: 'ack', id: '1', seq: 1, kept })
    const again = { type: 'ack', id: '1', seq: 1, kept, duplicate: true }
    expect(await send(ann, 'say', 'a', '1')).toEqual(again)
    ann.terminate()
    expect(await send(await enter(), 'say', 'a', '1')).toEqual(again)
    expect(handled).toEqual(['a'])
  })

  if (place === 'a file')
    it('is acknowledged with its first place also after a restart', async () => {
      const ann = await enter()
      await send(ann, 'say', 'a', '1')
      await send(ann, 'note', 'n', '2')
      await server.close()
      await start()
      const back = await enter()
      expect(await send(back, 'say', 'a', '1')).toEqual({ type: 'ack', id: '1', seq: 1, kept, duplicate: true })
      expect(await send(back, 'note', 'n', '2')).toEqual({ type: 'ack', id: '2', kept, duplicate: true })
      expect(await send(back, 'say', 'b', '1')).toMatchObject(conflict)
      expect(await send(back, 'say', 'c', '3')).toMatchObject({ type: 'ack', seq: 2 })
      expect(handled).toEqual(['a', 'n', 'c'])
    })

  it('that is still handled is not handled again; its answer comes on the new connection', async () => {
    const ann = await enter()
    ann.send('wait', 'a', '1')
    await expect.poll(() => handled).toEqual(['a'])
    ann.terminate()
    const back = await enter()
    back.send('wait', 'a', '1')
    // When this is answered, the retry has long arrived.
    const ben = await enter('ben')
    await send(ben, 'note', 'n', '1')
    gate.resolve()
    expect(await answer(back, '1')).toMatchObject({ type: 'ack', seq: 1 })
    expect(await answer(back, '1')).toMatchObject({ type: 'ack', seq: 1, duplicate: true })
    expect(handled).toEqual(['a', 'n'])
  })

  it('twice in one breath is handled once, and answered twice', async () => {
    const ann = await enter()
    for (const _ of [1, 2, 3]) ann.send('say', 'a', '1')
    const answers = [await answer(ann, '1'), await answer(ann, '1'), await answer(ann, '1')]
    expect(answers.map(({ seq }) => seq)).toEqual([1, 1, 1])
    expect(answers.filter(({ duplicate }) => duplicate)).toHaveLength(2)
    expect(handled).toEqual(['a'])
  })

  it('with another body is a conflict, also while the first is handled', async () => {
    const ann = await enter()
    await send(ann, 'say', 'a', '1')
    expect(await send(ann, 'say', 'b', '1')).toMatchObject(conflict)
    expect(await send(ann, 'note', 'a', '1')).toMatchObject(conflict)
    ann.send('say', 'c', '2')
    ann.send('say', 'd', '2')
    const both = [await answer(ann, '2'), await answer(ann, '2')]
    expect(both).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ seq: 2 }),
        expect.objectContaining({ type: 'error', data: expect.objectContaining(conflict.data) }),
      ]),
    )
    expect(handled).toEqual(['a', 'c'])
  })

  it('of another client is another message, and without a client each is new', async () => {
    expect(await send(await enter('ann'), 'say', 'a', '1')).toMatchObject({ seq: 1 })
    expect(await send(await enter('ben'), 'say', 'b', '1')).toMatchObject({ seq: 2 })
    const nobody = await enter('')
    expect(await send(nobody, 'say', 'c', '1')).toMatchObject({ seq: 3 })
    expect(await send(nobody, 'say', 'c', '1')).toMatchObject({ seq: 4 })
    expect(handled).toEqual(['a', 'b', 'c', 'c'])
  })

  it('that published nothing is remembered as well', async () => {
    const ann = await enter()
    expect(await send(ann, 'note', 'n', '1')).toEqual({ type: 'ack', id: '1', kept })
    expect(await send(ann, 'note', 'n', '1')).toEqual({ type: 'ack', id: '1', kept, duplicate: true })
    expect(handled).toEqual(['n'])
  })

  it('whose handler failed is handled again, and remembered when it went well', async () => {
    const ann = await enter()
    isBroken = true
    expect(await send(ann, 'fail', 'f', '1')).toMatchObject({ type: 'error', data: { code: 'internal' } })
    isBroken = false
    expect(await send(ann, 'fail', 'f', '1')).toMatchObject({ type: 'ack', seq: 1 })
    expect(await send(ann, 'fail', 'f', '1')).toMatchObject({ type: 'ack', seq: 1, duplicate: true })
    expect(handled).toEqual(['f', 'f'])
  })

  it('whose handler failed after it published is not published twice, however soon it comes, and harms no other', async () => {
    const ann = await enter()
    const ben = await enter('ben')
    for (let i = 0; i < 5; i += 1) ann.send('sayAndFail', 'f', '1')
    for (const text of ['a', 'b', 'c']) expect(await send(ben, 'say', text, text)).toMatchObject({ type: 'ack' })
    for (let i = 0; i < 5; i += 1) await answer(ann, '1')
    await send(ann, 'say', 'end', 'end')
    const reader = await enter('reader')
    const texts: string[] = []
    while (texts.at(-1) !== 'end') texts.push(String((await reader.next('said')).data))
    expect(texts.toSorted()).toEqual(['a', 'b', 'c', 'end', 'f'])
  })

  it('that was refused before its handler is no message yet', async () => {
    const ann = await enter()
    ann.send('say', 7, '1')
    expect(await answer(ann, '1')).toMatchObject({ type: 'error', data: { code: 'invalid' } })
    expect(await send(ann, 'say', 'a', '1')).toMatchObject({ type: 'ack', seq: 1 })
  })

  it('under an id that says it is older than what is remembered is refused', async () => {
    const ann = await enter()
    expect(await send(ann, 'say', 'old', uuid(25))).toMatchObject(conflict)
    expect(await send(ann, 'say', 'new', uuid(23))).toMatchObject({ type: 'ack', seq: 1 })
    expect(handled).toEqual(['new'])
  })
})

/** A UUIDv7 made so many hours ago. */
function uuid(hours: number): string {
  const time = (Date.now() - hours * 3_600_000).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}

describe('what is remembered', () => {
  it('of 100,000 ids takes little memory, and each is known', { timeout: 60_000 }, async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const folder = mkdtempSync(join(tmpdir(), 'corridor-ids-'))
    const silent = { debug() {}, info() {}, warn() {}, error() {} }
    const log = await SqliteLog.open(folder, handClock(), silent)
    const room = await log.open('/room', { keep: 10, maxAgeMs: 1e9, durable: true }, () => {})
    const draft = { type: 'said', data: '""' }
    const marks = (batch: number) =>
      Array.from({ length: 1000 }, (_, i) => ({
        client: `client ${i % 100}`,
        id: `${batch}-${i}`,
        hash: 'h',
        draft: 0,
      }))
    const append = async (batch: number) => {
      for (const mark of marks(batch)) expect(await room.recall(mark.client, mark.id)).toBeUndefined()
      await Promise.all(marks(batch).map((mark) => room.append([draft], [mark])))
    }
    await append(0)
    collect()
    const before = process.memoryUsage().heapUsed
    for (let batch = 1; batch <= 100; batch += 1) await append(batch)
    collect()
    const bytes = (process.memoryUsage().heapUsed - before) / 100_000
    process.stdout.write(`100,000 ids: ${bytes.toFixed(1)} bytes of memory each\n`)
    expect(bytes).toBeLessThan(100)
    for (const batch of [0, 50, 100]) {
      for (const { client, id } of marks(batch)) expect(await room.recall(client, id)).toMatchObject({ hash: 'h' })
    }
    await log.close()
    rmSync(folder, { recursive: true })
  })

  /** A disk on which each client has said the ids given; counts how often it is asked. */
  function disk(ids: Record<string, string[]>) {
    const asked: string[] = []
    const said = new Map(Object.entries(ids))
    const recalls = new Recalls({
      async ids(_, client, limit) {
        asked.push(`ids of ${client}`)
        return Int32Array.from(said.get(client) ?? [], fingerprint).slice(0, limit)
      },
      async answer(_, client, id) {
        asked.push(`${client} ${id}`)
        return said.get(client)?.includes(id) ? { hash: 'h', seq: 1 } : undefined
      },
    })
    return { recalls, asked }
  }

  it('is read once for each client; then a new id is known to be new at once', async () => {
    const { recalls, asked } = disk({ ann: ['1', '2'] })
    expect(await recalls.find(1, 'ann', '3')).toBeUndefined()
    expect(recalls.find(1, 'ann', '4')).toBeUndefined()
    expect(await recalls.find(1, 'ann', '2')).toMatchObject({ seq: 1 })
    expect(asked).toEqual(['ids of ann', 'ann 2'])
  })

  it('grows with what is answered, and each room has its own', async () => {
    const { recalls, asked } = disk({})
    expect(await recalls.find(1, 'ann', '1')).toBeUndefined()
    recalls.add(1, 'ann', '1')
    await recalls.find(1, 'ann', '1')
    await recalls.find(2, 'ann', '1')
    expect(asked).toEqual(['ids of ann', 'ann 1', 'ids of ann'])
  })

  it('is read again where something was answered while it was read', async () => {
    const { recalls, asked } = disk({})
    const reading = recalls.find(1, 'ann', '1')
    recalls.add(1, 'ann', '2')
    await reading
    await recalls.find(1, 'ann', '2')
    expect(asked).toEqual(['ids of ann', 'ids of ann'])
  })

  it('of a client with very many ids is asked of the disk each time', async () => {
    const { recalls, asked } = disk({ ann: Array.from({ length: 10_001 }, (_, i) => String(i)) })
    expect(await recalls.find(1, 'ann', 'new')).toBeUndefined()
    expect(await recalls.find(1, 'ann', '10000')).toMatchObject({ seq: 1 })
    expect(asked).toEqual(['ids of ann', 'ann new', 'ann 10000'])
  })

  it('is bounded: who spoke longest ago is read again', async () => {
    const { recalls, asked } = disk({})
    for (const client of ['ann', 'ben']) await recalls.find(1, client, 'x')
    for (let i = 0; i < 49_998; i += 1) await recalls.find(1, `client ${i}`, 'x')
    asked.length = 0
    expect(recalls.find(1, 'ann', 'x')).toBeUndefined()
    await recalls.find(1, 'one more', 'x')
    await recalls.find(1, 'ann', 'x')
    await recalls.find(1, 'ben', 'x')
    expect(asked).toEqual(['ids of one more', 'ids of ben'])
  })
})
