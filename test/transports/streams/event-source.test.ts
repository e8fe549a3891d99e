/** A browser's EventSource (here the `eventsource` package) as a peer: it joins, is a member, sends by POST, leaves. */
import { EventSource } from 'eventsource'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { handClock } from '../../../src/testing/hand-clock.ts'
import { closeInTime } from '../../support/close-in-time.ts'
import { openStream, post } from '../../support/event-stream.ts'
import notes from '../../support/notes.ts'
import { startServer, type TestServer } from '../../support/server.ts'

/** The server's time: it stands still until a test lets it pass. */
const clock = handClock(Date.now())
let server: TestServer

beforeAll(async () => {
  server = await startServer({ rooms: { '/notes/:name': { definition: notes, history: { replay: 2 } } }, clock })
})

afterAll(() => closeInTime(server, clock))

interface Said {
  type: string
  id?: string
  seq?: number
  data: { text?: string; name?: string; you?: { id: string }; resumed?: boolean; reason?: string }
}

const room = () => `${server.url}/notes/${crypto.randomUUID()}`
const note = (text: string, id?: string) => ({ type: 'note', data: { text }, id })
const names = async (url: string) =>
  ((await (await fetch(url)).json()) as { members: { names: string[] } }).members.names

/** An EventSource whose events wait until they are asked for. */
function listen(url: string) {
  const source = new EventSource(url)
  const heard: Said[] = []
  const peers: string[] = []
  let wake = () => {}
  source.addEventListener('data', ({ data }) => {
    heard.push(...JSON.parse(data))
    wake()
  })
  source.addEventListener('control', ({ data }) => {
    const { peer } = JSON.parse(data)
    if (peer) peers.push(peer)
    wake()
  })
  const until = async <T>(found: () => T | undefined): Promise<T> => {
    for (;;) {
      const value = found()
      if (value !== undefined) return value
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return {
    source,
    heard,
    next: (type: string) =>
      until(() => {
        const at = heard.findIndex((event) => event.type === type)
        return at < 0 ? undefined : heard.splice(0, at + 1)[at]
      }),
    token: (count = 1) => until(() => peers[count - 1]),
  }
}

describe('an EventSource', () => {
  it('joins, is welcomed, is a member, sends by POST and is acknowledged, and leaves', async () => {
    const url = room()
    const bob = await server.connect(new URL(url).pathname, { name: 'Bob' })
    await bob.next('welcome')
    const ann = listen(`${url}?offset=now&live=sse&client=c1&name=Ann`)
    expect((await ann.next('welcome')).data).toMatchObject({ you: { name: 'Ann' } })
    expect(await bob.next('came')).toMatchObject({ data: { name: 'Ann' } })
    expect((await names(url)).sort()).toEqual(['Ann', 'Bob'])

    const token = await ann.token()
    expect((await post(url, note('hello', 'm1'), { 'Corridor-Peer': token })).status).toBe(204)
    expect(await bob.next('noted')).toMatchObject({ data: { text: 'hello', from: 'Ann' } })
    expect(await ann.next('noted')).toMatchObject({ seq: 1 })
    expect(await ann.next('ack')).toMatchObject({ id: 'm1', seq: 1, kept: 'memory' })

    bob.send('whisper', { text: 'in passing' })
    expect(await ann.next('whispered')).toMatchObject({ data: { text: 'in passing' } })
    await post(url, { type: 'whisper', data: { text: 'not to me' } }, { 'Corridor-Peer': token })
    expect(await bob.next('whispered')).toMatchObject({ data: { text: 'not to me' } })
    expect(ann.heard).not.toContainEqual(expect.objectContaining({ type: 'whispered' }))

    ann.source.close()
    // After the time in which a lost connection may come back.
    while ((await names(url)).length > 1) await clock.advance(1000)
    expect(await names(url)).toEqual(['Bob'])
    expect(await bob.next('left')).toMatchObject({ data: { name: 'Ann' } })
  })

  it('reconnects by itself after the last event it has, and is the same member', async () => {
    const url = room()
    const bob = await server.connect(new URL(url).pathname, { name: 'Bob' })
    const ann = listen(`${url}?offset=now&live=sse&client=c1&name=Ann`)
    const before = await ann.next('welcome')
    await post(url, note('seen'))
    await ann.next('noted')
    // The same client on another connection ends the first, which then comes back and ends the second.
    const other = await openStream(`${url}?offset=now&live=sse&client=c1`)
    await post(url, note('missed'))
    const after = await ann.next('welcome')
    expect(after.data).toMatchObject({ you: { id: before.data.you?.id }, resumed: true })
    expect(await ann.next('noted')).toMatchObject({ data: { text: 'missed' } })
    await other.ended
    bob.send('note', { text: 'end' })
    expect(await ann.next('noted')).toMatchObject({ data: { text: 'end' } })
    expect((await post(url, note('with the new token'), { 'Corridor-Peer': await ann.token(2) })).status).toBe(204)
    ann.source.close()
  })
})

describe('a peer of an event stream', () => {
  it('begins at its offset: without an offset with what a newcomer gets, from -1 with all, from now with nothing', async () => {
    const url = room()
    await post(
      url,
      [1, 2, 3, 4].map((index) => note(`${index}`)),
    )
    const begin = async (query: string) => {
      const stream = await openStream(`${url}?live=sse&client=${crypto.randomUUID()}${query}`)
      const [welcome, ...replayed] = await stream.data()
      const { peer, streamNextOffset } = await stream.control()
      stream.close()
      expect(peer).toMatch(/^[\w-]{32}$/)
      expect(streamNextOffset).toMatch(/_0000000000000004$/)
      return { resumed: welcome?.data.resumed, seqs: replayed.map(({ seq }) => seq) }
    }
    expect(await begin('')).toEqual({ resumed: undefined, seqs: [3, 4] })
    expect(await begin('&offset=-1')).toEqual({ resumed: true, seqs: [1, 2, 3, 4] })
    expect(await begin('&offset=now')).toEqual({ resumed: true, seqs: [] })
    expect(await begin(`&offset=${'0'.repeat(32)}_0000000000000001`)).toEqual({ resumed: false, seqs: [3, 4] })
  })

  it('has a bad name or client refused before its stream begins', async () => {
    const url = room()
    for (const query of ['client=', 'client=a%20b', 'client=c&name=', 'client=c&client=d'])
      await expect(openStream(`${url}?offset=now&live=sse&${query}`)).rejects.toThrow('400')
  })

  it('is known by its token alone, in its own room, as long as it is there', async () => {
    const url = room()
    const stream = await openStream(`${url}?offset=now&live=sse&client=c`)
    const { peer = '' } = await stream.control()
    const speak = async (to: string, token: string) => {
      const answer = await post(to, note('x'), { 'Corridor-Peer': token })
      return [answer.status, answer.status === 204 ? '' : ((await answer.json()) as { error: string }).error]
    }
    expect(await speak(url, 'guessed')).toEqual([404, 'unknown_peer'])
    expect(await speak(room(), peer)).toEqual([404, 'unknown_peer'])
    expect(await speak(url, peer)).toEqual([204, ''])
    const { peer: next = '' } = await (await openStream(`${url}?offset=now&live=sse&client=c`)).control()
    await stream.ended
    expect(await speak(url, next)).toEqual([204, ''])
  })

  it('gets the reason why its room closes it', async () => {
    const url = room()
    const stream = await openStream(`${url}?offset=now&live=sse&client=c`)
    const { peer = '' } = await stream.control()
    await post(url, { type: 'leave' }, { 'Corridor-Peer': peer })
    expect(JSON.parse((await stream.next('close')).data)).toEqual({ code: 3000, reason: 'you said so' })
    await stream.ended
    await expect.poll(() => names(url)).toEqual([])
  })
})
