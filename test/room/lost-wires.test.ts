/**
 * A room that loses its log closes everyone who is in it, over every wire, so that they come back by themselves, and what
 * they then miss they are told.
 */
import { describe, expect, it } from 'vitest'
import { openStream } from '../support/event-stream.ts'
import { LOSING } from '../support/losing-log.ts'
import { lostRooms } from '../support/lost-rooms.ts'
import notes from '../support/notes.ts'
import { joinBy } from '../support/socketio-peer.ts'
import { joinStream } from '../support/stream-peer.ts'
import type { Join, Peer } from '../support/wires.ts'

const webSocket: Join = async (server, path, query) => {
  const client = await server.connect(path, query)
  return Object.assign(client, { pause() {}, resume() {} })
}
const WIRES: readonly (readonly [name: string, join: Join])[] = [
  ['a WebSocket', webSocket],
  ['an event stream', (server, path, query) => joinStream(server.url + path, query)],
  ['Socket.IO by WebSocket', joinBy('websocket')],
  ['Socket.IO by polling', joinBy('polling')],
]
const MOVED = { code: 1012, reason: 'the room moves, come back' }

describe.each(LOSING)('a room that loses its log %s', (name, open) => {
  const fixture = lostRooms()
  const offset = (epoch: string, seq: number) => `${epoch}_${String(seq).padStart(16, '0')}`
  const welcome = async (peer: Peer) =>
    (await peer.next<{ epoch: string; seq: number; resumed?: boolean; reason?: string }>('welcome')).data
  const say = async (peer: Peer, text: string) => {
    void peer.send('note', { text }, text)
    for (;;) {
      const { seq, data } = await peer.next<{ text: string }>('noted')
      if (data.text === text) return seq
    }
  }

  describe.each(WIRES)('over %s', (_, join) => {
    const enter = (query = {}) => join(fixture.server, '/notes', { client: 'ann', ...query })

    it('ends its peers, which come back and miss nothing where nothing was lost', async () => {
      await fixture.start(open, { '/notes': { definition: notes } })
      const { losing } = fixture
      const ann = await enter()
      const { epoch } = await welcome(ann)
      for (const text of ['a', 'b']) await say(ann, text)
      losing.lose('/notes')
      expect(await ann.closed).toEqual(MOVED)
      const again = await enter({ offset: offset(epoch, 1) })
      expect(await welcome(again)).toMatchObject({ seq: 2, resumed: true })
      expect(await again.next()).toMatchObject({ type: 'noted', seq: 2, data: { text: 'b' } })
      expect(await say(again, 'c')).toBe(3)
      expect(losing.calls).toMatchObject({ open: 2, close: 1 })
      again.terminate()
    })

    it('tells those who come back what it lost', async () => {
      await fixture.start(open, { '/notes': { definition: notes } })
      const { losing } = fixture
      const ann = await enter()
      const { epoch } = await welcome(ann)
      await say(ann, 'a')
      const before = await losing.copy()
      await say(ann, 'b')
      losing.become(before)
      losing.lose('/notes')
      await ann.closed
      const [reason, seq] = name === 'in memory' ? ['epoch', 0] : ['truncated', 1]
      const again = await enter({ offset: offset(epoch, 2) })
      expect(await welcome(again)).toMatchObject({ seq, resumed: false, reason })
      expect(await say(again, 'c')).toBe(seq + 1)
      again.terminate()
    })
  })

  it('ends the peers of a raw room', async () => {
    await fixture.start(open, { '/echo': {} })
    const ann = await fixture.server.connect('/echo')
    ann.sendText('a')
    expect(await ann.nextText()).toBe('a')
    fixture.losing.lose('/echo')
    expect(await ann.closed).toEqual(MOVED)
    const again = await fixture.server.connect('/echo')
    again.sendText('b')
    expect(await again.nextText()).toBe('b')
  })

  it('ends the stream of a reader, and answers a poll that waits: both go on where they were', async () => {
    await fixture.start(open, { '/notes': { definition: notes } })
    const { server, losing } = fixture
    const ann = await webSocket(server, '/notes', { client: 'ann' })
    const { epoch } = await welcome(ann)
    await say(ann, 'a')
    const at = offset(epoch, 1)
    const stream = await openStream(`${server.url}/notes?offset=${at}&live=sse`)
    expect((await stream.next()).event).toBe('control')
    const { read } = losing.calls
    const polled = fetch(`${server.url}/notes?offset=${at}&live=long-poll`)
    // The page, and once more as it begins to wait.
    await expect.poll(() => losing.calls.read).toBe(read + 2)
    losing.lose('/notes')
    expect(await stream.next()).toMatchObject({ event: 'close', data: JSON.stringify(MOVED) })
    const answer = await polled
    expect([answer.status, answer.headers.get('stream-next-offset')]).toEqual([204, at])
    const again = await webSocket(server, '/notes', { client: 'ann', offset: at })
    expect(await welcome(again)).toMatchObject({ resumed: true })
    await say(again, 'b')
    const next = await fetch(`${server.url}/notes?offset=${at}&live=long-poll`)
    expect(await next.json()).toMatchObject([{ seq: 2, data: { text: 'b' } }])
  })
})
