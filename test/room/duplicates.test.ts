/** A message sent again under its id is handled once: over a lost connection, over a restart, and while it is handled. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import type { Client, EventFrame } from '../support/client.ts'
import { PLACES } from '../support/redis-place.ts'
import { startServer, type TestServer } from '../support/server.ts'

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

describe.each(PLACES)('over a server with its log in %s', (name, inPlace) => {
  const place = inPlace()
  let server: TestServer

  const start = async () => {
    server = await startServer({ rooms: { '/room': { definition, limits } }, ...(await place.setup()) })
    server.expectError(/receive handler failed/)
  }
  beforeEach(async () => {
    handled.length = 0
    gate = Promise.withResolvers()
    isBroken = false
    await start()
  })
  afterEach(async () => {
    gate.resolve()
    await server.close()
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
  const { kept } = place
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

  if (name !== 'memory')
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

  it('sent twice at once is handled once, and answered twice', async () => {
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

  it('whose handler failed after it published did nothing, however often it comes, and harms no other', async () => {
    const ann = await enter()
    const ben = await enter('ben')
    for (let i = 0; i < 5; i += 1) ann.send('sayAndFail', 'f', '1')
    for (const text of ['a', 'b', 'c']) expect(await send(ben, 'say', text, text)).toMatchObject({ type: 'ack' })
    for (let i = 0; i < 5; i += 1) await answer(ann, '1')
    await send(ann, 'say', 'end', 'end')
    const reader = await enter('reader')
    const texts: string[] = []
    while (texts.at(-1) !== 'end') texts.push(String((await reader.next('said')).data))
    expect(texts.toSorted()).toEqual(['a', 'b', 'c', 'end'])
  })

  it('that was refused before its handler is no message yet', async () => {
    const ann = await enter()
    ann.send('say', 7, '1')
    expect(await answer(ann, '1')).toMatchObject({ type: 'error', data: { code: 'invalid' } })
    expect(await send(ann, 'say', 'a', '1')).toMatchObject({ type: 'ack', seq: 1 })
  })

  it('under an id whose time is of a clock that is years off is a message like any other', async () => {
    const ann = await enter()
    const ids = [uuid(-100_000), uuid(100_000), uuid(25), uuid(0)]
    for (const [at, id] of ids.entries())
      expect(await send(ann, 'say', id, id)).toMatchObject({ type: 'ack', seq: at + 1 })
    for (const [at, id] of ids.entries()) {
      expect(await send(ann, 'say', id, id)).toMatchObject({ type: 'ack', seq: at + 1, duplicate: true })
    }
    expect(handled).toEqual(ids)
  })
})

/** A UUIDv7 made so many hours ago. */
function uuid(hours: number): string {
  const time = (Date.now() - hours * 3_600_000).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}
