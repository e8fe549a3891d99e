/** When the client reconnects after it lost its connection, and how it detects the loss. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { enter, outcome, stillTime } from '../support/dialled.ts'

stillTime()

describe('coming back', () => {
  /** The longest wait before each of the next attempts, in ms. */
  async function waits(count: number, { code = 1006, reason = '', openMs = -1 } = {}) {
    const { room, line, back, first } = await enter()
    vi.mocked(Math.random).mockReturnValue(1)
    const longest: number[] = []
    let socket = first
    for (let n = 0; n < count; n++) {
      if (openMs >= 0) socket.welcome({ resumed: true })
      await vi.advanceTimersByTimeAsync(Math.max(openMs, 0))
      socket.lose(code, reason)
      longest.push((room.retryAt ?? Number.NaN) - Date.now())
      await back()
      socket = await line()
    }
    return longest
  }

  test('if it was never admitted, delays double up to the cap', async () => {
    const { room, first, sockets } = await enter()
    vi.mocked(Math.random).mockReturnValue(1)
    const longest: number[] = []
    room.onState(({ state, retryAt = 0 }) => state === 'waiting' && longest.push(retryAt - Date.now()))
    first.lose()
    while (longest.length < 8) {
      await vi.advanceTimersToNextTimerAsync()
      sockets.at(-1)?.lose()
    }
    expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  })

  test('after a connection that lasted, the first attempt is spread over two seconds', async () => {
    expect(await waits(3, { openMs: 6000 })).toEqual([2000, 2000, 2000])
  })

  test('connections that do not last make it wait longer and longer', async () => {
    expect(await waits(5, { openMs: 100 })).toEqual([2000, 2000, 2000, 4000, 8000])
  })

  test('a restarting server is given five seconds, or what it asks for', async () => {
    expect(await waits(1, { openMs: 6000, code: 1012 })).toEqual([5000])
    expect(await waits(1, { openMs: 6000, code: 1012, reason: 'restarting, come back in 1234 ms' })).toEqual([1234])
  })

  test('a room that was removed is asked for slowly', async () => {
    expect(await waits(1, { openMs: 6000, code: 1001 })).toEqual([30_000])
  })

  test('waits are jittered over their whole range', async () => {
    const { first, room } = await enter()
    first.welcome()
    await vi.advanceTimersByTimeAsync(6000)
    vi.mocked(Math.random).mockReturnValue(0)
    first.lose()
    expect(room.retryAt).toBe(Date.now())
  })

  test.each([1000, 1008, 3000, 4321])('after %i it does not come back', async (code) => {
    const { first, room, states } = await enter()
    first.welcome()
    first.lose(code, 'goodbye')
    expect(room.state).toBe('closed')
    expect(states.at(-1)).toEqual({ state: 'closed', code, reason: 'goodbye' })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('after a missed heartbeat it does', async () => {
    const { first, room } = await enter()
    first.welcome()
    first.lose(1008, 'no sign of life after a ping')
    expect(room.state).toBe('waiting')
  })

  test('a token that cannot be had is asked for again later', async () => {
    const token = vi.fn().mockRejectedValueOnce(new Error('login is down')).mockResolvedValue('t')
    const { room, states, back } = await enter({ token })
    expect(states.at(-1)?.reason).toContain('login is down')
    const socket = await back()
    socket.welcome()
    expect(room.state).toBe('open')
  })

  test('what an abandoned connection still sends is ignored', async () => {
    const { first, seen, room, back } = await enter()
    first.welcome()
    first.lose()
    first.event(1)
    first.lose(1000)
    expect(seen).toEqual([])
    expect(room.state).toBe('waiting')
    await back()
  })
})

describe('signs of life', () => {
  test('a silent connection is probed, and one that answers is kept', async () => {
    const { first, room } = await enter()
    first.welcome()
    await vi.advanceTimersByTimeAsync(50_000)
    expect(first.sent).toEqual(['{"type":"welcome","id":"alive"}'])
    first.say({ type: 'error', id: 'alive', data: { code: 'unknown_type', message: '…' } })
    await vi.advanceTimersByTimeAsync(20_000)
    expect(room.state).toBe('open')
  })

  test('a silent connection that answers no probe is replaced at once', async () => {
    const { first, states, back } = await enter()
    first.welcome()
    await vi.advanceTimersByTimeAsync(50_000)
    const probedAt = Date.now()
    await back()
    expect(states.find(({ state }) => state === 'waiting')?.retryAt).toBe(probedAt + 2500)
  })

  test('a message that is long unanswered means the connection is dead', async () => {
    const { first, room, back } = await enter()
    first.welcome()
    outcome(room.send('say', { text: 'a' }))
    const second = await back()
    second.welcome({ resumed: true })
    expect(second.messages).toEqual(first.messages)
  })

  test('after a sleep it comes back at once', async () => {
    const { first, room, back } = await enter()
    first.welcome()
    await vi.advanceTimersByTimeAsync(10_000)
    vi.setSystemTime(Date.now() + 600_000)
    await vi.advanceTimersByTimeAsync(5000)
    expect(room.retryAt).toBe(Date.now())
    await back()
  })

  describe('in a page', () => {
    const page = new EventTarget()
    const document = { visibilityState: 'visible', baseURI: 'https://example.org/base/' }

    beforeEach(() => {
      document.visibilityState = 'visible'
      vi.stubGlobal('document', document)
      vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
      vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
    })

    afterEach(() => vi.unstubAllGlobals())

    test.each(['online', 'focus', 'pageshow', 'visibilitychange'])('%s ends the wait', async (type) => {
      const { first, room } = await enter()
      first.lose()
      page.dispatchEvent(new Event(type))
      expect(room.state).toBe('connecting')
      room.close()
    })

    test.each(['offline', 'online'])(
      '%s, it asks at once whether it is connected, and is back if not',
      async (type) => {
        const { first, room, back } = await enter()
        first.welcome()
        await vi.advanceTimersByTimeAsync(10_000)
        first.event(1)
        page.dispatchEvent(new Event(type))
        expect(first.sent).toHaveLength(1)
        const askedAt = Date.now()
        await back()
        expect(Date.now() - askedAt).toBeLessThanOrEqual(2501)
        room.close()
      },
    )

    test('offline, it does not hurry to come back', async () => {
      const { first, room } = await enter()
      first.lose()
      page.dispatchEvent(new Event('offline'))
      expect(room.state).toBe('waiting')
      room.close()
    })

    test('seen again after a silence, the tab asks at once whether it is still connected', async () => {
      const { first, room } = await enter()
      first.welcome()
      await vi.advanceTimersByTimeAsync(20_000)
      page.dispatchEvent(new Event('visibilitychange'))
      page.dispatchEvent(new Event('focus'))
      expect(first.sent).toHaveLength(1)
      room.close()
    })

    test('hidden, a timer that comes late is no sleep', async () => {
      const { first, room } = await enter()
      first.welcome()
      document.visibilityState = 'hidden'
      await vi.advanceTimersByTimeAsync(10_000)
      vi.setSystemTime(Date.now() + 60_000)
      await vi.advanceTimersByTimeAsync(5000)
      expect(room.state).toBe('open')
      room.close()
    })

    test('a closed room leaves no listener on the page', async () => {
      const added = vi.spyOn(globalThis, 'addEventListener')
      const removed = vi.spyOn(globalThis, 'removeEventListener')
      const { room } = await enter()
      room.close()
      expect(added.mock.calls).toHaveLength(5)
      expect(removed.mock.calls).toEqual(added.mock.calls)
    })

    test('a path stands below the base of the page', async () => {
      const { first, room } = await enter({ url: document.baseURI })
      expect(first.url.pathname).toBe('/base/chat')
      room.close()
    })
  })
})
