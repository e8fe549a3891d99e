/** A client whose network was away: back soon after its return, without asking all the time, and still by WebSocket. */
import { describe, expect, test, vi } from 'vitest'
import { enter, type Socket, stillTime } from '../support/dialled.ts'
import { seeded } from '../support/random.ts'

stillTime()

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed)

describe('a network that was away', () => {
  /** Loses the connection of a client and fails each attempt as `attempt` does, until the network is back. */
  async function away(forMs: number, attempt: (socket: Socket) => void) {
    const { room, first, sockets } = await enter()
    first.welcome()
    await vi.advanceTimersByTimeAsync(10_000)
    first.lose()
    const backAt = Date.now() + forMs
    let seen = sockets.length
    while (Date.now() < backAt) {
      await vi.advanceTimersByTimeAsync(10)
      for (; seen < sockets.length; seen++) attempt(sockets[seen] as Socket)
    }
    const tries = sockets.length - 1
    while (sockets.length === tries + 1) await vi.advanceTimersByTimeAsync(10)
    const waitedMs = Date.now() - backAt
    room.close()
    return { tries, waitedMs }
  }

  test.each(SEEDS)('for 4 s is met again within 2 s, and is not asked all the time (seed %i)', async (seed) => {
    vi.mocked(Math.random).mockImplementation(seeded(seed).next)
    const { tries, waitedMs } = await away(4000, (socket) => socket.lose())
    expect(waitedMs).toBeLessThanOrEqual(2000)
    expect(tries).toBeLessThanOrEqual(9)
  })

  test.each(SEEDS)('without a word is met again within 3.5 s (seed %i)', async (seed) => {
    vi.mocked(Math.random).mockImplementation(seeded(seed).next)
    const { waitedMs } = await away(4000, () => {})
    expect(waitedMs).toBeLessThanOrEqual(3500)
  })

  test('for long is asked for less and less often', async () => {
    vi.mocked(Math.random).mockReturnValue(1)
    const { tries } = await away(120_000, (socket) => socket.lose())
    expect(tries).toBeLessThan(15)
  })

  test('is no reason to give up WebSockets', async () => {
    const { room, first, sockets, back } = await enter()
    first.welcome()
    first.lose()
    for (let n = 0; n < 5; n++) (await back()).lose()
    expect(sockets).toHaveLength(6)
    room.close()
  })
})
