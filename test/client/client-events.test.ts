/** What the client hears: every event once and in order, over lost connections, holes and resets. */
import { describe, expect, test, vi } from 'vitest'
import type { Reset } from '../../src/client/client.ts'
import { enter, stillTime } from '../support/dialled.ts'

stillTime()

describe('events', () => {
  test('history may begin at any seq and is followed without a hole', async () => {
    const { first, seen, room } = await enter()
    first.welcome({ seq: 52 })
    for (const seq of [51, 52, 53]) first.event(seq)
    expect(seen).toEqual([51, 52, 53])
    expect(room.offset).toBe('E_0000000000000053')
  })

  test('it resumes after the last event it saw, and an event that comes twice is delivered once', async () => {
    const { first, seen, back } = await enter()
    first.welcome({ seq: 2 })
    for (const seq of [1, 2, 3]) first.event(seq)
    first.lose()
    const second = await back()
    expect(second.offset).toBe('E_0000000000000003')
    second.welcome({ seq: 5, resumed: true })
    for (const seq of [2, 3, 4, 5]) second.event(seq)
    expect(seen).toEqual([1, 2, 3, 4, 5])
  })

  test('with nothing seen it resumes from where it was welcomed', async () => {
    const { first, back } = await enter()
    first.welcome({ seq: 7 })
    first.lose()
    expect((await back()).offset).toBe('E_0000000000000007')
  })

  test('it moves on to a new epoch with the seq it has', async () => {
    const { first, back } = await enter({ offset: 'E_0000000000000003' })
    expect(first.offset).toBe('E_0000000000000003')
    first.welcome({ epoch: 'F', seq: 9, resumed: true })
    first.event(4)
    first.lose()
    expect((await back()).offset).toBe('F_0000000000000004')
  })

  test('a hole is not heard: it comes back from the last event before it', async () => {
    const { first, seen, back } = await enter()
    first.welcome()
    first.event(1)
    first.event(3)
    first.event(4)
    expect(first.closedWith).toBe(4000)
    const second = await back()
    expect(second.offset).toBe('E_0000000000000001')
    second.welcome({ seq: 4, resumed: true })
    for (const seq of [2, 3, 4]) second.event(seq)
    expect(seen).toEqual([1, 2, 3, 4])
  })

  test('a hole right after the welcome is noticed too', async () => {
    const { first, seen } = await enter()
    first.welcome({ seq: 4 })
    first.event(6)
    expect(seen).toEqual([])
    expect(first.closedWith).toBe(4000)
  })

  test('a failed resume is reported by a reset, and later events arrive even with lower numbers', async () => {
    const { first, seen, room, back } = await enter()
    const resets: Reset[] = []
    room.on('reset', (reset) => resets.push(reset))
    first.welcome({ seq: 90 })
    for (const seq of [89, 90]) first.event(seq)
    first.lose()
    const second = await back()
    second.welcome({ epoch: 'F', first: 1, seq: 2, resumed: false, reason: 'epoch' })
    for (const seq of [1, 2, 3]) second.event(seq)
    expect(seen).toEqual([89, 90, 'reset', 1, 2, 3])
    expect(resets[0]?.data).toEqual({ reason: 'epoch', epoch: 'F', first: 1, seq: 2 })
    expect(room.offset).toBe('F_0000000000000003')
  })

  test('a reset under our feet reaches the application, and the new epoch is resumed from', async () => {
    const { first, seen, back } = await enter()
    first.welcome({ seq: 5 })
    for (const seq of [4, 5]) first.event(seq)
    first.say({ type: 'reset', data: { epoch: 'F', first: 1, seq: 3, reason: 'truncated' } })
    first.event(4)
    first.lose()
    expect(seen).toEqual([4, 5, 'reset', 4])
    expect((await back()).offset).toBe('F_0000000000000004')
  })

  test('a reset never moves our place past events that we have not seen', async () => {
    const { first, room } = await enter()
    first.welcome()
    first.event(1)
    first.say({ type: 'reset', data: { epoch: 'F', first: 1, seq: 3, reason: 'truncated' } })
    expect(room.offset).toBe('F_0000000000000001')
  })

  test('history that retention cut while it was sent goes on after the reset', async () => {
    const { first, seen } = await enter()
    first.welcome({ seq: 900 })
    first.event(400)
    first.say({ type: 'reset', data: { epoch: 'E', first: 600, seq: 900, reason: 'trimmed' } })
    first.event(600)
    first.event(601)
    expect(seen).toEqual([400, 'reset', 600, 601])
  })

  test('a listener that throws does not keep the event from other listeners', async () => {
    const { first, room } = await enter()
    const thrown = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => {})
    const heard = vi.fn()
    room.on('said', () => {
      throw new Error('mine')
    })
    room.on('said', heard)
    first.welcome()
    first.event(1)
    expect(heard).toHaveBeenCalledOnce()
    expect(thrown).toHaveBeenCalledOnce()
  })

  test('a listener that was taken off hears no more', async () => {
    const { first, room } = await enter()
    const heard = vi.fn()
    const off = room.on('said', heard)
    first.welcome()
    first.event(1)
    off()
    first.event(2)
    expect(heard).toHaveBeenCalledOnce()
  })
})

describe('a loop over the room', () => {
  test('gets each event and ends when the room is closed', async () => {
    const { first, room } = await enter()
    const loop = all(room)
    first.welcome()
    first.event(1)
    first.say({ type: 'entered', data: { name: 'Bo' } })
    room.close()
    expect((await loop).map(({ type }) => type)).toEqual(['said', 'entered'])
  })

  test('that is too slow is notified of missed events, and its buffer stays bounded', async () => {
    const { first, room } = await enter({ maxBuffer: 3 })
    const loop = room[Symbol.asyncIterator]()
    first.welcome()
    for (let seq = 1; seq <= 5; seq++) first.event(seq)
    room.close()
    expect(await all(loop)).toEqual([
      { type: 'reset', data: { reason: 'slow', epoch: 'E', first: 1, seq: 4 } },
      expect.objectContaining({ seq: 4 }),
      expect.objectContaining({ seq: 5 }),
    ])
  })

  test('that is left buffers nothing more', async () => {
    const { first, room } = await enter()
    const loop = room[Symbol.asyncIterator]()
    first.welcome()
    first.event(1)
    await loop.return?.()
    first.event(2)
    expect(await loop.next()).toEqual({ value: undefined, done: true })
  })
})

async function all<T>(loop: AsyncIterable<T>): Promise<T[]> {
  const events: T[] = []
  for await (const event of loop) events.push(event)
  return events
}
