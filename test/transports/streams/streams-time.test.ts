/** Streams and long polls while time passes and when the server ends: comments, cycles, and no request left without an end. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../../src/define.ts'
import { handClock } from '../../../src/testing/hand-clock.ts'
import { closeInTime, passUntil } from '../../support/close-in-time.ts'
import { openStream, post } from '../../support/event-stream.ts'
import notes from '../../support/notes.ts'
import { startServer } from '../../support/server.ts'

/** A server whose time stands still until the test lets it pass. */
async function start() {
  const clock = handClock()
  const server = await startServer({ rooms: { '/notes': { definition: notes } }, clock })
  return { clock, server, url: `${server.url}/notes`, end: () => closeInTime(server, clock) }
}

describe('while nothing is published', () => {
  it('a stream has a comment each 15 s, and a plain one ends after a minute so that a cache can share it', async () => {
    const { clock, url, end } = await start()
    const reader = await openStream(`${url}?offset=now&live=sse`)
    const peer = await openStream(`${url}?offset=now&live=sse&client=c`)
    const { streamNextOffset } = await reader.control()
    await peer.control()
    for (let second = 0; second < 59; second += 1) await clock.advance(1000)
    await expect.poll(() => [reader.comments.length, peer.comments.length]).toEqual([3, 3])
    await clock.advance(1000)
    await reader.ended
    for (let second = 0; second < 60; second += 1) await clock.advance(1000)
    await expect.poll(() => peer.comments.length).toBe(8)

    await post(url, { type: 'note', data: { text: 'after' } })
    const again = await openStream(`${url}?offset=${streamNextOffset}&live=sse`)
    expect(await again.data()).toMatchObject([{ data: { text: 'after' } }])
    expect(await peer.data()).toMatchObject([{ data: { text: 'after' } }])
    await end()
  })

  it('a long poll is answered with 204 and the end of the log, and no cache keeps it', async () => {
    const { clock, url, end } = await start()
    const answered = fetch(`${url}?offset=now&live=long-poll`)
    const reader = await openStream(`${url}?offset=now&live=sse`)
    await reader.control()
    const answer = await passUntil(clock, answered)
    expect(answer.status).toBe(204)
    expect(answer.headers.get('Stream-Next-Offset')).toMatch(/_0000000000000000$/)
    expect(answer.headers.get('Stream-Up-To-Date')).toBe('true')
    expect(answer.headers.get('Stream-Cursor')).toMatch(/^\d+$/)
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
    expect(answer.headers.get('ETag')).toBe(null)
    await end()
  })
})

describe('when the server ends', () => {
  it('streams get a reconnect delay, polls are answered, and messages in progress are finished', async () => {
    const hold = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const holding = defineRoom({
      receives: { hold: z.object({}).optional() },
      sends: { held: z.object({}) },
      open: (room) => ({
        receive: {
          async hold() {
            begun.resolve()
            await hold.promise
            await room.publish('held', {})
          },
        },
      }),
    })
    const clock = handClock()
    const server = await startServer({ rooms: { '/room': { definition: holding }, '/echo': {} }, clock })
    const url = `${server.url}/room`
    const reader = await openStream(`${url}?offset=now&live=sse`)
    const peer = await openStream(`${url}?offset=now&live=sse&client=c`)
    await reader.control()
    await peer.control()
    const polled = fetch(`${url}?offset=now&live=long-poll`)
    const posted = post(url, { type: 'hold' })
    await begun.promise

    let isClosed = false
    const closed = server.close().finally(() => {
      isClosed = true
    })
    for (const stream of [reader, peer]) {
      const { code, reason } = JSON.parse((await stream.next('close')).data)
      expect(code).toBe(1012)
      expect(stream.retryMs).toBe(Number(/in (\d+) ms/.exec(reason)?.[1]))
      await stream.ended
    }
    expect((await polled).status).toBe(204)
    for (const [query, status] of [
      ['offset=now&live=sse', 200],
      ['offset=now&live=long-poll', 503],
      ['offset=now&live=sse&client=d', 200],
    ] as const) {
      const refused = await fetch(`${url}?${query}`)
      expect([refused.status, refused.headers.get('Retry-After')]).toEqual([status, '1'])
      expect(await refused.text()).toMatch(status === 200 ? /^retry: 1\d{3}\n/ : /"draining"/)
    }
    expect((await fetch(`${url}?offset=-1`)).status).toBe(200)
    expect(isClosed).toBe(false)
    hold.resolve()
    expect((await posted).status).toBe(204)
    await passUntil(clock, closed)
  })

  it('does not wait for a reader that reads nothing', async () => {
    const { url, end } = await start()
    const reader = await openStream(`${url}?offset=now&live=sse`)
    reader.pause()
    await end()
  })
})
