/**
 * The client against a network under the test's control: a WebSocket that a test speaks through, and time that stands
 * still until the test lets it pass; at the end over real sockets.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { z } from 'zod'
import { bundleClient } from '../src/client/bundle.ts'
import { type Ack, CorridorError, connect, type Options, type Reset, type State } from '../src/client/client.ts'
import { defineRoom } from '../src/define.ts'

const chat = defineRoom({
  receives: { say: z.object({ text: z.string() }), typing: z.object({}).optional() },
  sends: { said: z.object({ text: z.string() }), entered: z.object({ name: z.string() }) },
  open: () => ({}),
})

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** One connection, seen from the server. */
class Socket extends EventTarget {
  readonly url: URL
  readonly protocols: string[]
  readonly sent: string[] = []
  closedWith: number | undefined

  constructor(url: string, protocols: string[] = []) {
    super()
    this.url = new URL(url)
    this.protocols = protocols
  }

  send(text: string) {
    this.sent.push(text)
  }

  close(code?: number) {
    this.closedWith ??= code
  }

  /** What the client said, without its probes. */
  get messages(): { type: string; data: { text: string }; id: string }[] {
    return this.sent.map((text) => JSON.parse(text)).filter(({ type }) => type !== 'welcome')
  }

  get offset() {
    return this.url.searchParams.get('offset')
  }

  say(frame: unknown) {
    const data = typeof frame === 'string' ? frame : JSON.stringify(frame)
    this.dispatchEvent(new MessageEvent('message', { data }))
  }

  welcome(data: { epoch?: string; first?: number; seq?: number; resumed?: boolean; reason?: string } = {}) {
    const you = { id: 'p1', name: 'Ann' }
    this.say({ type: 'welcome', data: { room: '/chat', you, epoch: 'E', first: 1, seq: 0, ...data } })
  }

  event(seq: number) {
    this.say({ type: 'said', seq, time: seq, data: { text: `event ${seq}` } })
  }

  ack(index: number, more: object = {}) {
    this.say({ type: 'ack', id: this.messages[index]?.id, kept: 'fsync', ...more })
  }

  refuse(index: number, code: string, message = code) {
    this.say({ type: 'error', id: this.messages[index]?.id, data: { code, message } })
  }

  lose(code = 1006, reason = '') {
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }))
  }
}

/** A room's client, and the connections it opens. */
async function enter(options: Options = {}, path = '/chat') {
  const sockets: Socket[] = []
  class Dialled extends Socket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols)
      sockets.push(this)
    }
  }
  const room = connect<typeof chat>(path, {
    url: 'http://example.org/sub',
    WebSocket: Dialled as unknown as NonNullable<Options['WebSocket']>,
    fetch: () => Promise.reject(new TypeError('no way by HTTP')),
    ...options,
  })
  const seen: (number | string)[] = []
  const states: State[] = []
  room.on('*', (event) => seen.push('seq' in event && event.seq !== undefined ? event.seq : event.type))
  room.onState((change) => states.push(change))
  /** The newest connection, once it is begun. */
  const line = async () => {
    await vi.advanceTimersByTimeAsync(0)
    return sockets.at(-1) as Socket
  }
  /** Lets the client wait out its pause and come back. */
  const back = async () => {
    const before = sockets.length
    while (sockets.length === before) await vi.advanceTimersToNextTimerAsync()
    return sockets.at(-1) as Socket
  }
  return { room, sockets, seen, states, line, back, first: await line() }
}

/** An unanswered send must not be an unhandled rejection in the test that made it. */
const outcome = (sent: Promise<Ack>) => sent.catch((error: CorridorError) => error)

async function all<T>(loop: AsyncIterable<T>): Promise<T[]> {
  const events: T[] = []
  for await (const event of loop) events.push(event)
  return events
}

describe('joining', () => {
  test('a path stands below the base, with name and client in the query', async () => {
    const { first, room } = await enter({ name: '安 & Co' })
    expect(first.url.href.split('?')[0]).toBe('ws://example.org/sub/chat')
    expect(first.url.searchParams.get('name')).toBe('安 & Co')
    expect(first.url.searchParams.get('client')).toBe(room.client)
    expect(first.offset).toBeNull()
  })

  test('without a base a path is refused with a word on what was expected', () => {
    expect(() => connect('/chat')).toThrow('expected a full URL')
  })

  test('a full https URL becomes wss', async () => {
    const { first } = await enter({}, 'https://example.net/r/tea')
    expect(first.url.href).toMatch(/^wss:\/\/example\.net\/r\/tea\?/)
  })

  test('a token is asked for before each connection and offered beside a protocol that can be selected', async () => {
    let asked = 0
    const { first, back } = await enter({ token: async () => `t${++asked}` })
    expect(first.protocols).toEqual(['corridor', 'bearer.t1'])
    first.lose()
    expect((await back()).protocols).toEqual(['corridor', 'bearer.t2'])
  })

  test('it is open once it is welcomed, and knows who it is', async () => {
    const { first, room, states } = await enter()
    expect(room.state).toBe('connecting')
    first.welcome({ seq: 7 })
    expect(room.state).toBe('open')
    expect(room.you).toEqual({ id: 'p1', name: 'Ann' })
    expect(room.offset).toBe('E_0000000000000007')
    expect(states).toEqual([{ state: 'open' }])
  })

  test('a room that does not welcome is left for good, with a word on why', async () => {
    const { first, room, states } = await enter()
    first.say('hello from a raw room')
    expect(room.state).toBe('closed')
    expect(states.at(-1)?.reason).toContain('is this an event room?')
  })

  test('no welcome within ten seconds is a lost connection', async () => {
    const { first, room, back } = await enter()
    await back()
    expect(first.closedWith).toBe(4000)
    expect(room.state).toBe('connecting')
  })

  test('a welcome without an epoch is never taken for a place in the log', async () => {
    const { first, room } = await enter()
    first.welcome({ epoch: '' })
    expect(room.state).toBe('waiting')
    expect(room.offset).toBeUndefined()
  })
})

describe('events', () => {
  test('history may begin at any seq and is followed without a hole', async () => {
    const { first, seen, room } = await enter()
    first.welcome({ seq: 52 })
    for (const seq of [51, 52, 53]) first.event(seq)
    expect(seen).toEqual([51, 52, 53])
    expect(room.offset).toBe('E_0000000000000053')
  })

  test('it resumes after the last event it saw, and an event that comes twice is heard once', async () => {
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

  test('a resume that failed is told by a reset, and what follows is heard even with lower numbers', async () => {
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

  test('a listener that throws keeps the event from nobody else', async () => {
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

  test('that is too slow is told what it missed, and its buffer stays bounded', async () => {
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

describe('saying', () => {
  test('resolves with the ack', async () => {
    const { first, room } = await enter()
    first.welcome()
    const sent = room.send('say', { text: 'hi' })
    expect(first.messages).toEqual([{ type: 'say', data: { text: 'hi' }, id: expect.any(String) }])
    first.ack(0, { seq: 8, duplicate: true })
    expect(await sent).toEqual({ id: first.messages[0]?.id, seq: 8, kept: 'fsync', duplicate: true })
  })

  test('what is said offline waits, and goes out in order once welcomed', async () => {
    const { first, room } = await enter()
    for (const text of ['a', 'b', 'c']) outcome(room.send('say', { text }))
    expect(first.sent).toEqual([])
    first.welcome()
    expect(first.messages.map(({ data }) => data.text)).toEqual(['a', 'b', 'c'])
    expect(new Set(first.messages.map(({ id }) => id)).size).toBe(3)
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

  test.each(['rate_limited', 'unavailable'])('%s is said again later, under the same id and in order', async (code) => {
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

  test('refused again and again it rests longer and longer, and as long as the server says', async () => {
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

  test('an error that answers no message of ours is an event', async () => {
    const { first, seen } = await enter()
    first.welcome()
    first.say({ type: 'error', data: { code: 'internal', message: 'the room failed' } })
    expect(seen).toEqual(['error'])
  })
})

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

  test('where it never got in, waits double up to the cap', async () => {
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

  test('what an abandoned connection still says is not heard', async () => {
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
    const { first, room, back } = await enter()
    first.welcome()
    await vi.advanceTimersByTimeAsync(55_000)
    expect(room.retryAt).toBe(Date.now())
    await back()
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
      expect(added.mock.calls).toHaveLength(4)
      expect(removed.mock.calls).toEqual(added.mock.calls)
    })

    test('a path stands below the base of the page', async () => {
      const { first, room } = await enter({ url: document.baseURI })
      expect(first.url.pathname).toBe('/base/chat')
      room.close()
    })
  })
})

describe('types', () => {
  test('come from the definition of the room', async () => {
    const { room } = await enter()
    expectTypeOf(room.send('say', { text: 'a' }).catch(() => undefined)).resolves.toEqualTypeOf<Ack | undefined>()
    outcome(room.send('typing'))
    room.on('said', (event) => expectTypeOf(event.data).toEqualTypeOf<{ text: string }>())
    room.on('reset', (event) => expectTypeOf(event).toEqualTypeOf<Reset>())
    room.on('*', (event) => {
      if (event.type === 'entered') expectTypeOf(event.data.name).toEqualTypeOf<string>()
    })
    const misuse = () => {
      // @ts-expect-error no such message
      room.send('shout', { text: 'a' })
      // @ts-expect-error not what the schema takes
      room.send('say', { text: 1 })
      // @ts-expect-error data is needed
      room.send('say')
      // @ts-expect-error no such event
      room.on('whispered', () => {})
    }
    expectTypeOf(misuse).toBeFunction()
    room.close()
  })

  test('without a definition every type may be said and heard', async () => {
    const untyped = () => connect('/chat').on('anything', (event) => expectTypeOf(event.data).toBeUnknown())
    expectTypeOf(untyped).returns.toEqualTypeOf<() => void>()
    expectTypeOf(connect('http://127.0.0.1/').send).toBeCallableWith('anything', { at: 'all' })
  })
})

describe('over real sockets', () => {
  beforeEach(() => vi.useRealTimers())

  /** A room that keeps a log, resumes, and handles an id once; `cut` ends every connection without a word. */
  async function open() {
    const log: { type: string; seq: number; data: unknown }[] = []
    const handled = new Map<string, number>()
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 1000 })
    let isDeaf = false
    const publish = (data: unknown) => {
      log.push({ type: 'said', seq: log.length + 1, data })
      for (const socket of server.clients) socket.send(JSON.stringify(log.at(-1)))
    }
    const cut = () => {
      for (const socket of server.clients) socket.terminate()
    }
    server.on('connection', (socket, { url = '' }) => {
      const offset = new URL(url, 'ws://localhost').searchParams.get('offset')
      const resumed = offset === null ? {} : { resumed: true }
      const data = { you: { id: 'p', name: 'p' }, epoch: 'E', first: 1, seq: log.length, ...resumed }
      socket.send(JSON.stringify({ type: 'welcome', data }))
      for (const entry of log.slice(Number(offset?.slice(2) ?? 0))) socket.send(JSON.stringify(entry))
      socket.on('error', () => {}) // a frame over maxPayload
      socket.on('message', (text) => {
        const { data, id } = JSON.parse(String(text))
        const duplicate = handled.has(id)
        if (!duplicate) {
          publish(data)
          handled.set(id, log.length)
        }
        if (isDeaf) return cut()
        socket.send(
          JSON.stringify({ type: 'ack', id, seq: handled.get(id), kept: 'memory', ...(duplicate && { duplicate }) }),
        )
      })
    })
    await once(server, 'listening')
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/chat`
    const room = connect<typeof chat>(url, { retry: { firstMs: 1, baseMs: 1, capMs: 4 } })
    return {
      room,
      log,
      publish,
      cut,
      deaf: (yes: boolean) => {
        isDeaf = yes
      },
      [Symbol.asyncDispose]: async () => {
        room.close()
        cut()
        server.close()
        await once(server, 'close')
      },
    }
  }

  test('cut between handling and ack, a message is kept once and acknowledged', async () => {
    await using house = await open()
    const { room, log, deaf } = house
    deaf(true)
    room.onState(({ state }) => state === 'waiting' && deaf(false))
    expect(await room.send('say', { text: 'once' })).toMatchObject({ seq: 1, duplicate: true })
    expect(log).toHaveLength(1)
  })

  test('cut again and again, it hears every event once and in order', async () => {
    await using house = await open()
    const { room, publish, cut } = house
    const seqs: number[] = []
    publish({ text: 'first' })
    for await (const event of room) {
      if (event.type === 'said') seqs.push(event.seq as number)
      if (seqs.length === 100) break
      if (seqs.length % 10 === 1) cut()
      publish({ text: 'more' })
      if (seqs.length % 3 === 0) publish({ text: 'and more' })
    }
    expect(seqs).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
  })

  test('a frame over the limit of the server is rejected, and what came after it is said', async () => {
    await using house = await open()
    const { room } = house
    const large = outcome(room.send('say', { text: 'x'.repeat(2000) }))
    const small = room.send('say', { text: 'small' })
    expect(await large).toMatchObject({ code: 'too_large' })
    expect(await small).toMatchObject({ seq: 1 })
  })

  test('where nobody listens it keeps trying', async () => {
    const states: string[] = []
    const room = connect('ws://127.0.0.1:1/', { retry: { baseMs: 1, capMs: 1 } })
    await new Promise<void>((resolve) => {
      room.onState(({ state }) => states.push(state) === 4 && resolve())
    })
    room.close()
    expect(states.slice(0, 4)).toEqual(['waiting', 'connecting', 'waiting', 'connecting'])
  })
})

test('/client.js is one module that imports nothing and has no types left', async () => {
  const text = bundleClient()
  expect(text).not.toMatch(/^\s*(import|interface|type) /m)
  const module = await import(`data:text/javascript,${encodeURIComponent(text)}`)
  expect(Object.keys(module).sort()).toEqual(['CorridorError', 'connect'])
  expect(() => module.connect('/chat')).toThrow('expected a full URL')
})
