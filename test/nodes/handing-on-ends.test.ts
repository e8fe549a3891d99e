/** Requests that are handed on while a side goes away, a node drains, or the room moves. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { handClock } from '../../src/testing/hand-clock.ts'
import { ask, echo, HandingStage, there } from '../support/handing-stage.ts'

const stage = new HandingStage()
afterEach(() => stage.end())

describe('when a side is gone', () => {
  const slow = (app: FastifyInstance) => {
    app.all('/*', ({ raw }, reply) => {
      reply.hijack()
      const gone = once(reply.raw, 'close')
      heard.push({ raw, gone, begin: () => reply.raw.writeHead(200).flushHeaders() })
      for (const tell of telling.splice(0)) tell()
    })
  }
  const heard: { raw: IncomingMessage; gone: Promise<unknown>; begin(): void }[] = []
  const telling: (() => void)[] = []
  const arrival = () => (heard.length > 0 ? Promise.resolve() : new Promise<void>((resolve) => telling.push(resolve)))
  afterEach(() => void heard.splice(0))

  it('the owner is not kept busy for a client that has left', async () => {
    const { edge } = await stage.pair(slow)
    const asking = request(`${edge.url}/x?live=long-poll`, { agent: false }).end()
    asking.on('error', () => {})
    await arrival()
    asking.destroy()
    await heard[0]?.gone
  })

  it('nor for one that leaves its stream', async () => {
    const { edge } = await stage.pair(slow)
    const asking = request(`${edge.url}/x?live=sse`, { agent: false }).end()
    asking.on('error', () => {})
    await arrival()
    heard[0]?.begin()
    await once(asking, 'response')
    asking.destroy()
    await heard[0]?.gone
  })

  it.each(['GET', 'POST'])(
    'a client hears 503 if the link is over before the answer, and a %s is not said again',
    async (method) => {
      const { edge, owner } = await stage.pair(slow)
      const body = method === 'POST' ? '{}' : undefined
      const answer = ask(`${edge.url}/x`, { method, headers: { 'Content-Type': 'application/json' } }, body)
      await arrival()
      await owner.cut()
      expect(await answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
      expect(heard.length).toBe(1)
    },
  )

  it('a post has no answer in time: the time of the dial counts in it', async () => {
    const clock = handClock()
    const { edge } = await stage.pair(slow, clock)
    const dialled = Promise.withResolvers<void>()
    edge.dialling = dialled.promise
    let isAnswered = false
    const headers = { 'Content-Type': 'application/json' }
    const answer = ask(`${edge.url}/x`, { method: 'POST', headers }, '{}').finally(() => {
      isAnswered = true
    })
    await expect.poll(() => edge.charged.length).toBe(1)
    await clock.advance(3000)
    dialled.resolve()
    await arrival()
    await clock.advance(1700)
    expect(isAnswered).toBe(false)
    await clock.advance(200)
    expect(await answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
  })

  it('a post is answered in time also while the other node is dialled', async () => {
    const clock = handClock()
    const { edge } = await stage.pair(slow, clock)
    edge.dialling = new Promise(() => {})
    const headers = { 'Content-Type': 'application/json' }
    const answer = ask(`${edge.url}/x`, { method: 'POST', headers }, '{}')
    await expect.poll(() => edge.charged.length).toBe(1)
    await clock.advance(4800)
    expect(await answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
  })

  it('what anything else answers at the address of a node is not passed on', async () => {
    const { edge } = await stage.pair(echo)
    const other = createServer((_, response) => response.end('of another program'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    edge.door = { address: `127.0.0.1:${port}`, token: 'x'.repeat(43) }
    const { status, body } = await ask(`${edge.url}/x`)
    expect([status, JSON.parse(body).error]).toEqual([503, 'unavailable'])
    other.closeAllConnections()
    other.close()
  })

  it('nothing is waited for at a node on whose link nothing is heard any more', async () => {
    const { edge, owner } = await stage.pair(slow)
    const answer = ask(`${edge.url}/x?live=long-poll`)
    await arrival()
    await edge.hangUp(owner)
    expect(await answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
  })

  it('a stream ends with the link', async () => {
    const { edge, owner } = await stage.pair(slow)
    const asking = request(`${edge.url}/x?live=sse`, { agent: false }).end()
    await arrival()
    heard[0]?.begin()
    const [answer] = await once(asking, 'response')
    const ended = once(answer, 'error')
    await owner.cut()
    expect((await ended)[0]).toMatchObject({ code: 'ECONNRESET' })
  })

  it('a drain ends streams and refuses new ones, and pages are read', async () => {
    const { edge } = await stage.pair(slow)
    const asking = request(`${edge.url}/x?live=sse`, { agent: false }).end()
    await arrival()
    heard[0]?.begin()
    const [answer] = await once(asking, 'response')
    const ended = once(answer, 'error')
    edge.isDraining = true
    edge.forwarding.drain()
    await ended
    expect(await ask(`${edge.url}/x?live=sse`)).toMatchObject({ status: 503 })
    expect(await ask(`${edge.url}/x`, { method: 'POST' })).toMatchObject({ status: 503 })
  })
})

describe('where the room is', () => {
  it('is this node: nothing is handed on', async () => {
    const { edge } = await stage.pair(echo)
    edge.homes = []
    expect((await ask(`${edge.url}/r`)).body).toBe('the edge')
    expect(edge.charged).toEqual([])
  })

  it('is another node: it is charged as a read before that is asked, and by the owner as what it is', async () => {
    const { edge, owner } = await stage.pair(echo)
    await ask(`${edge.url}/r?offset=now`)
    expect([edge.charged, owner.charged]).toEqual([['/r?offset=now'], []])
  })

  it('has changed: the next one is asked once, also with a post, of which nothing was done', async () => {
    const { edge, owner } = await stage.pair(echo)
    const next = await stage.node('node-c-0003', (app) => {
      app.all('/*', (_, reply) => reply.send('the next'))
    })
    const post = { method: 'POST', headers: { 'Content-Type': 'application/json' } }
    for (const [options, text] of [[{}], [post, 'x']] as const) {
      owner.homes = [there(next)]
      edge.homes = [there(owner), there(next)]
      expect((await ask(`${edge.url}/r`, options, text)).body).toBe('the next')
    }
    expect(edge.doubts).toEqual([`/r ${owner.id} over`, `/r ${owner.id} over`])
    // A circle ends.
    owner.homes = [there(next)]
    next.homes = [there(owner)]
    edge.homes = [there(owner), there(next)]
    const { status, headers, body } = await ask(`${edge.url}/r`, post, 'x')
    expect([status, headers['retry-after'], headers['corridor-elsewhere']]).toEqual([503, '1', undefined])
    expect(JSON.parse(body).error).toBe('unavailable')
  })

  it('has come here meanwhile: what has no body is answered here', async () => {
    const { edge, owner } = await stage.pair(echo)
    owner.homes = [there(edge)]
    expect((await ask(`${edge.url}/r`)).body).toBe('the edge')
  })

  it('cannot be reached: found anew once, then 503', async () => {
    const { edge, owner } = await stage.pair(echo)
    await owner.cut()
    const { status, headers } = await ask(`${edge.url}/r`)
    expect([status, headers['retry-after'], edge.doubts]).toEqual([200, undefined, [`/r ${owner.id} refused`]])
    const next = await stage.node('node-c-0003', (app) => {
      app.all('/*', (_, reply) => reply.send('the next'))
    })
    edge.homes = [there(owner), there(next)]
    expect((await ask(`${edge.url}/r`)).body).toBe('the next')
    edge.homes = [there(owner), there(owner), there(owner)]
    const refused = await ask(`${edge.url}/r`)
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    // Where nodes are is nothing for clients.
    expect(refused.body).toContain('cannot be reached')
    expect(refused.body).not.toMatch(/\d\.\d/)
  })

  it('does not matter to a post with the token of a stream: it goes to the node with the stream', async () => {
    const { edge, owner } = await stage.pair(echo)
    edge.homes = []
    const post = (token: string) =>
      ask(
        `${edge.url}/r`,
        { method: 'POST', headers: { 'Content-Type': 'application/json', 'Corridor-Peer': token } },
        'x',
      )
    expect(JSON.parse((await post(`${owner.id}.abc`)).body).headers['corridor-peer']).toBe(`${owner.id}.abc`)
    for (const token of [`${edge.id}.abc`, 'abc', '.', 'node-x-0009.abc'])
      expect((await post(token)).body).toBe('the edge')
    // Each that may have made it dial.
    expect(edge.charged).toEqual(['/r', '/r'])
  })
})
