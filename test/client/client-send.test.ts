/** What the client sends: it waits, goes out in order, is sent again if no answer came, and is answered once. */
import { describe, expect, test, vi } from 'vitest'
import { CorridorError } from '../../src/client/client.ts'
import { enter, outcome, stillTime } from '../support/dialled.ts'

stillTime()

describe('sending', () => {
  test('resolves with the ack', async () => {
    const { first, room } = await enter()
    first.welcome()
    const sent = room.send('say', { text: 'hi' })
    expect(first.messages).toEqual([{ type: 'say', data: { text: 'hi' }, id: expect.any(String) }])
    first.ack(0, { seq: 8, duplicate: true })
    expect(await sent).toEqual({ id: first.messages[0]?.id, seq: 8, kept: 'fsync', duplicate: true })
  })

  test('a message sent offline waits, and goes out in order once welcomed', async () => {
    const { first, room } = await enter()
    for (const text of ['a', 'b', 'c']) outcome(room.send('say', { text }))
    expect(first.sent).toEqual([])
    first.welcome()
    expect(first.messages.map(({ data }) => data.text)).toEqual(['a', 'b', 'c'])
    expect(new Set(first.messages.map(({ id }) => id)).size).toBe(3)
  })

  test('an id is of the server’s time, however wrong our clock is', async () => {
    const { first, room } = await enter()
    const serverMs = Date.now() + 25 * 3_600_000
    first.welcome({ time: serverMs })
    outcome(room.send('say', { text: 'a' }))
    expect(timeOf(first.messages[0]?.id)).toBe(serverMs)
  })

  test('an id is made when its message goes out, not when `send` is called', async () => {
    const { first, room } = await enter()
    outcome(room.send('say', { text: 'said on Friday' }))
    const weekendMs = 60 * 3_600_000
    vi.setSystemTime(Date.now() + weekendMs)
    const goesOutMs = Date.now()
    first.welcome({ time: goesOutMs })
    expect(timeOf(first.messages[0]?.id)).toBe(goesOutMs)
  })

  test('what was lost between send and ack is sent again under the same id and the same client', async () => {
    const { first, room, back } = await enter()
    first.welcome()
    const sent = ['a', 'b', 'c'].map((text) => room.send('say', { text }))
    first.ack(0)
    first.lose()
    const second = await back()
    second.welcome({ resumed: true })
    expect(second.messages).toEqual(first.messages.slice(1))
    expect(second.url.searchParams.get('client')).toBe(first.url.searchParams.get('client'))
    second.ack(0, { duplicate: true })
    second.ack(1)
    await Promise.all(sent)
  })

  test('the queue is bounded', async () => {
    const { room } = await enter({ maxQueue: 2 })
    outcome(room.send('say', { text: 'a' }))
    outcome(room.send('say', { text: 'b' }))
    await expect(room.send('say', { text: 'c' })).rejects.toMatchObject({ code: 'queue_full' })
  })

  test('at most sixteen are on their way at once', async () => {
    const { first, room } = await enter()
    first.welcome()
    for (let n = 0; n < 20; n++) outcome(room.send('say', { text: `${n}` }))
    expect(first.messages).toHaveLength(16)
    first.ack(0)
    expect(first.messages).toHaveLength(17)
  })

  test('what the room refuses is rejected with its code and issues', async () => {
    const { first, room } = await enter()
    first.welcome()
    const sent = room.send('say', { text: 'a' })
    const issues = [{ path: ['text'] }]
    first.say({ type: 'error', id: first.messages[0]?.id, data: { code: 'invalid', message: 'too short', issues } })
    const error = await sent.catch((error) => error)
    expect(error).toBeInstanceOf(CorridorError)
    expect(error).toMatchObject({ code: 'invalid', message: 'too short', issues })
  })

  test.each(['rate_limited', 'unavailable'])('%s is sent again later, under the same id and in order', async (code) => {
    const { first, room } = await enter()
    first.welcome()
    const sent = ['a', 'b', 'c'].map((text) => room.send('say', { text }))
    for (const index of [0, 1, 2]) first.refuse(index, code)
    expect(first.messages).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(624)
    expect(first.messages).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(1)
    expect(first.messages).toHaveLength(4) // one, to see whether the room takes it
    for (const index of [3, 4, 5]) first.ack(index)
    await Promise.all(sent)
    expect(first.messages.slice(3)).toEqual(first.messages.slice(0, 3))
  })

  test('an error that is kept under its id is rejected, whatever its code: it would be the same again', async () => {
    const { first, room } = await enter()
    first.welcome()
    const sent = room.send('say', { text: 'a' })
    const data = { code: 'unavailable', message: 'this could not be kept' }
    first.say({ type: 'error', id: first.messages[0]?.id, data, duplicate: true })
    await expect(sent).rejects.toMatchObject(data)
  })

  test('a rest ends with its connection: the next is not sent to twice', async () => {
    const { first, room, back } = await enter()
    first.welcome()
    outcome(room.send('say', { text: 'a' }))
    outcome(room.send('say', { text: 'b' }))
    first.refuse(0, 'rate_limited', 'say it again in 20000 ms')
    first.lose()
    const second = await back()
    second.welcome({ resumed: true })
    expect(second.messages.map(({ data }) => data.text)).toEqual(['a'])
    second.refuse(0, 'rate_limited', 'say it again in 25000 ms')
    await vi.advanceTimersByTimeAsync(30_000)
    expect(second.messages).toHaveLength(1)
  })

  test('refused again and again it waits longer and longer, and at least as long as the server asks', async () => {
    const { first, room } = await enter()
    first.welcome()
    outcome(room.send('say', { text: 'a' }))
    const rests: number[] = []
    for (const message of ['busy', 'busy', 'busy', 'too fast, say it again in 40 ms']) {
      const index = first.messages.length - 1
      const from = Date.now()
      first.refuse(index, 'rate_limited', message)
      while (first.messages.length === index + 1) await vi.advanceTimersByTimeAsync(1)
      rests.push(Date.now() - from)
    }
    // Math.random is one half: a quarter of each is added.
    expect(rests).toEqual([625, 1250, 2500, 50])
  })

  test('a message too large for the room is rejected, the others are sent again', async () => {
    const { first, room, back } = await enter()
    first.welcome()
    const small = room.send('say', { text: 'x'.repeat(70) })
    const large = outcome(room.send('say', { text: '房'.repeat(60) }))
    first.lose(1009)
    expect(await large).toMatchObject({ code: 'too_large' })
    const second = await back()
    second.welcome({ resumed: true })
    expect(second.messages).toEqual([first.messages[0]])
    second.ack(0)
    await small
  })

  test('data that is no JSON rejects and is not queued', async () => {
    const { first, room } = await enter()
    await expect(room.send('say', { text: 1n as never })).rejects.toThrow(TypeError)
    first.welcome()
    expect(first.messages).toEqual([])
  })

  test('close() rejects what is unanswered, then and later, and leaves with 1000', async () => {
    const { first, room, sockets } = await enter()
    first.welcome()
    const sent = outcome(room.send('say', { text: 'a' }))
    room.close()
    expect(await sent).toMatchObject({ code: 'closed' })
    await expect(room.send('say', { text: 'b' })).rejects.toMatchObject({ code: 'closed' })
    expect(first.closedWith).toBe(1000)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(sockets).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('an error that answers none of our messages is an event', async () => {
    const { first, seen } = await enter()
    first.welcome()
    first.say({ type: 'error', data: { code: 'internal', message: 'the room failed' } })
    expect(seen).toEqual(['error'])
  })
})

/** The time in a UUIDv7 (RFC 9562, 5.7). */
function timeOf(id = ''): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}
