/** A further welcome on one connection: the room has moved to another node, and the client goes on as after a reconnect. */
import { describe, expect, test, vi } from 'vitest'
import { openEventStream } from '../../src/client/event-stream.ts'
import { enter, outcome, stillTime } from '../support/dialled.ts'

stillTime()

/** What the edge says before the room's new welcome: nobody knows what became of these messages. */
const LOST = 'unavailable'

describe('a room that moves', () => {
  test('is open all the time, and `you` stays', async () => {
    const { first, room, states } = await enter()
    first.welcome()
    const { you, offset } = room
    first.welcome({ resumed: true, epoch: 'F' })
    expect(states.map(({ state }) => state)).toEqual(['open'])
    expect(room.you).toEqual(you)
    expect([offset, room.offset]).toEqual(['E_0000000000000000', 'F_0000000000000000'])
  })

  test('gives every later event once, in the new epoch', async () => {
    const { first, room, seen } = await enter()
    first.welcome({ seq: 7 })
    for (const seq of [8, 9]) first.event(seq)
    first.welcome({ seq: 11, resumed: true, epoch: 'F' })
    for (const seq of [9, 10, 11, 12]) first.event(seq)
    expect(seen).toEqual([8, 9, 10, 11, 12])
    expect(room.offset).toBe('F_0000000000000012')
  })

  test('tells of a gap', async () => {
    const { first, seen, room } = await enter()
    first.welcome({ seq: 7 })
    first.event(8)
    first.welcome({ seq: 10, resumed: true, epoch: 'F' })
    first.event(10)
    expect(seen).toEqual([8])
    expect(room.state).toBe('waiting')
  })

  test.each([
    ['that goes on', { resumed: true }],
    ['that begins again', {}],
  ])('keeps a replay that has not begun, and says nothing of a loss, where it hears a welcome %s', async (_, more) => {
    const { first, seen } = await enter()
    first.welcome({ seq: 3 })
    first.say({ type: 'entered', data: { name: 'Bob' } })
    first.welcome({ seq: 4, epoch: 'F', ...more })
    for (const seq of [1, 2, 3, 4, 5]) first.event(seq)
    expect(seen).toEqual(['entered', 1, 2, 3, 4, 5])
  })

  test('goes on in the middle of a replay', async () => {
    const { first, seen } = await enter()
    first.welcome({ seq: 4 })
    for (const seq of [1, 2]) first.event(seq)
    first.welcome({ seq: 4, resumed: true, epoch: 'F' })
    for (const seq of [3, 4, 5]) first.event(seq)
    expect(seen).toEqual([1, 2, 3, 4, 5])
  })

  test('tells what is missing where the log lost it', async () => {
    const { first, room, seen } = await enter()
    const reasons: string[] = []
    room.on('reset', ({ data }) => reasons.push(data.reason))
    first.welcome({ seq: 7 })
    first.event(8)
    first.welcome({ seq: 5, resumed: false, reason: 'truncated', epoch: 'F' })
    for (const seq of [4, 5, 6]) first.event(seq)
    expect(seen).toEqual([8, 'reset', 4, 5, 6])
    expect(reasons).toEqual(['truncated'])
  })

  test('gets at once what was on its way, under the same ids, in order, whether or not the edge has said that it is lost', async () => {
    const { first, room } = await enter()
    first.welcome()
    const sent = ['a', 'b', 'c'].map((text) => room.send('say', { text }))
    first.ack(0)
    first.refuse(1, LOST)
    expect(first.messages).toHaveLength(3)
    first.welcome({ resumed: true })
    expect(first.messages[3]).toEqual(first.messages[1])
    first.ack(3, { duplicate: true })
    expect(first.messages[4]).toEqual(first.messages[2])
    first.ack(4)
    expect(await Promise.all(sent)).toMatchObject([{}, { duplicate: true }, {}])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(first.messages).toHaveLength(5)
  })

  test('is no reason to change connections', async () => {
    const { first, room, sockets } = await enter()
    first.welcome()
    first.welcome({ resumed: true })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(room.state).toBe('open')
    expect(sockets).toHaveLength(1)
  })

  test('leaves a renewal of the token alone', async () => {
    const tokens = ['one', 'two', 'three']
    const { first, room, sockets } = await enter({ token: () => tokens.shift() ?? 'last' })
    const time = Date.now()
    first.welcome({ time, until: time + 40_000 })
    while (sockets.length < 2) await vi.advanceTimersToNextTimerAsync()
    const second = sockets[1]
    first.welcome({ time, until: time + 40_000, resumed: true })
    expect(second?.closedWith).toBeUndefined()
    first.lose(1008, 'the same client connected again')
    second?.welcome({ resumed: true })
    outcome(room.send('say', { text: 'a' }))
    expect(second?.messages).toHaveLength(1)
    expect(room.state).toBe('open')
  })
})

test('over an event stream a further welcome comes like any frame, and posts go on with the token there was', async () => {
  let say: (text: string) => void = () => {}
  const body = new ReadableStream<Uint8Array>({
    start: (stream) => {
      say = (text) => stream.enqueue(new TextEncoder().encode(text))
    },
  })
  const peers: (string | null)[] = []
  const heard: string[] = []
  const transport = openEventStream(
    { url: new URL('http://example.org/chat'), token: undefined },
    {
      fetch: async (_, { method, headers } = {}) => {
        if (method !== 'POST') return new Response(body)
        peers.push(new Headers(headers).get('Corridor-Peer'))
        return new Response(null, { status: 204 })
      },
    },
    {
      message: (text) => void heard.push(JSON.parse(text).type),
      activity() {},
      lost: (_, reason) => heard.push(reason),
    },
  )
  say('event: data\ndata: [{"type":"welcome"}]\n\nevent: control\ndata: {"peer":"p"}\n\n')
  await vi.waitUntil(() => heard.length === 1)
  transport.send('{}')
  say('event: data\ndata: [{"type":"error"},{"type":"welcome"}]\n\nevent: control\ndata: {"streamNextOffset":"x"}\n\n')
  await vi.waitUntil(() => heard.length === 3)
  transport.send('{}')
  await vi.waitUntil(() => peers.length === 2)
  expect(heard).toEqual(['welcome', 'error', 'welcome'])
  expect(peers).toEqual(['p', 'p'])
  transport.close(1000, '')
})
