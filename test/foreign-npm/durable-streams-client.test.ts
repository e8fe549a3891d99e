/**
 * `@durable-streams/client` over lost connections, a drain and a restart, with tokens, and where it is refused. What it
 * reads and appends on a good day: `transports/streams/durable-streams.test.ts`.
 */
import { stream } from '@durable-streams/client'
import { describe, expect, it } from 'vitest'
import { post } from '../support/event-stream.ts'
import { sign } from '../support/tokens.ts'
import { Heard, type Said } from './heard.ts'
import { COOKIE, openStage } from './stage.ts'

/** Its pauses between two tries, made short. */
const HASTY = { initialDelay: 20, maxDelay: 50, multiplier: 1.3 }

describe('@durable-streams/client', () => {
  const stage = openStage()
  const say = (path: string, text: string, headers = {}) =>
    post(`${stage.server.url}${path}`, { type: 'note', data: { text } }, headers)

  it.each(['sse', 'long-poll'] as const)(
    'misses and repeats nothing by %s over a lost connection, a drain and a restart',
    async (live) => {
      const path = `/notes/${live}`
      const events = new Heard<Said>()
      const url = `${stage.url}${path}`
      const abort = new AbortController()
      // By long poll it comes back by itself; a stream that is cut off is for its program to open again.
      const follow = async () => {
        let offset = '-1'
        while (!abort.signal.aborted) {
          const read = await stream<Said>({ url, live, offset, backoffOptions: HASTY, signal: abort.signal })
          read.subscribeJson<Said>((batch) => {
            for (const each of batch.items) events.push(each)
            offset = batch.offset
          })
          await read.closed.catch(() => {})
        }
      }
      const following = follow()
      const next = async () => (await events.next('a note')).data.text
      await say(path, 'one')
      expect(await next()).toBe('one')
      stage.proxy.cut()
      await say(path, 'two')
      expect(await next()).toBe('two')
      const drain = await stage.drain()
      await drain.restart()
      await say(path, 'three')
      expect(await next()).toBe('three')
      abort.abort()
      await following
      expect(events.all.map(({ seq }) => seq)).toEqual([1, 2, 3])
    },
  )

  it.each(['header', 'cookie'])('reads a locked room with a token in the %s', async (place) => {
    const token = await sign({ sub: 'ann' })
    const bearer = { Authorization: `Bearer ${token}` }
    const headers: Record<string, string> = place === 'header' ? bearer : { Cookie: `${COOKIE}=${token}` }
    await say('/locked', place, bearer)
    const read = await stream<Said>({ url: `${stage.url}/locked`, live: false, headers })
    expect((await read.json()).at(-1)).toMatchObject({ data: { text: place } })
  })

  it.each([
    ['/nowhere', 404],
    ['/locked', 401],
    ['/uninvited', 403],
    ['/echo', 405],
  ])('is refused by %s with %i, at once', async (path, status) => {
    await expect(stream({ url: `${stage.url}${path}` })).rejects.toMatchObject({ status })
  })
})
