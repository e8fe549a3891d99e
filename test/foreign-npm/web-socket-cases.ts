/**
 * What every stock WebSocket client can do with a room. A test file names one client and how it is opened, in the
 * words of its own documentation.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { post } from '../support/event-stream.ts'
import { sign } from '../support/tokens.ts'
import { Heard, type Message, nextOf } from './heard.ts'
import { COOKIE, openStage } from './stage.ts'

export type TokenPlace = 'header' | 'cookie' | 'subprotocol'

export interface Opening {
  /** The URL of each connection. */
  readonly address: () => string
  readonly heard: (message: Message) => void
  readonly headers?: Record<string, string>
  readonly protocols?: string[]
  /** Each end of a connection, also of one that was refused. */
  readonly ended: (code: number, reason: string) => void
  readonly opened: () => void
  /** For a client that tries again by itself: how often, after the first time. */
  readonly tries?: number
}

export interface Opened {
  send(message: Message): void
  close(code?: number, reason?: string): void
  /** The extensions in use, if the client says so. */
  extensions?(): string
}

export interface WebSocketClient {
  readonly name: string
  readonly tokens: readonly TokenPlace[]
  /** Whether it connects again by itself. */
  readonly isReturning: boolean
  /** What it calls a lost connection: 1006, unless it says otherwise. */
  readonly lostCode?: number
  open(opening: Opening): Opened
}

class Visit {
  readonly heard = new Heard<Message>()
  readonly ends = new Heard<{ code: number; reason: string }>()
  readonly opens = new Heard<true>()
  readonly socket: Opened
  readonly hears = { heard: this.heard.push, opened: () => this.opens.push(true) }

  constructor(client: WebSocketClient, address: string | (() => string), more: Partial<Opening> = {}) {
    const ended = (code: number, reason: string) => this.ends.push({ code, reason })
    const url = typeof address === 'string' ? () => address : address
    this.socket = client.open({ address: url, ...this.hears, ended, ...more })
  }

  next(type: string) {
    return nextOf(this.heard, type)
  }

  say(type: string, data?: unknown, id?: string) {
    this.socket.send(JSON.stringify({ type, data, id }))
  }
}

/** Long enough to be worth compressing. */
const LONG = 'the same words again and again, '.repeat(500)
const note = (text: string) => ({ type: 'note', data: { text } })

export function behavesAsWebSocketClient(client: WebSocketClient): void {
  describe(client.name, () => {
    const stage = openStage()
    let visits: Visit[] = []
    const visit = (path: string, more: Partial<Opening> = {}) => {
      const visit = new Visit(client, `${stage.ws}${path}`, more)
      visits.push(visit)
      return visit
    }
    afterEach(() => {
      for (const { socket } of visits) socket.close()
      visits = []
    })

    it('is welcomed, sends, receives and is acknowledged', async () => {
      const ann = visit('/notes/hello?name=Ann')
      expect(await ann.next('welcome')).toMatchObject({ data: { you: { name: 'Ann' } } })
      ann.say('note', { text: 'grüße 你好 🎉' }, '1')
      expect(await ann.next('noted')).toMatchObject({ seq: 1, data: { text: 'grüße 你好 🎉', from: 'Ann' } })
      expect(await ann.next('ack')).toMatchObject({ id: '1', seq: 1 })
      ann.say('fail', { code: 'no_way' }, '2')
      expect(await ann.next('error')).toMatchObject({ id: '2', data: { code: 'no_way' } })
    })

    it.each(['/echo', '/packed-echo'])('gets text and bytes back from %s as they were', async (path) => {
      const ann = visit(path)
      await ann.opens.next('an open connection')
      const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => index * 7)
      for (const message of ['', 'text', LONG, bytes(0), bytes(1), bytes(300), bytes(60_000)]) {
        ann.socket.send(message)
        expect(await ann.heard.next('an echo')).toEqual(message)
      }
    })

    it('sends and receives where the room compresses', async () => {
      const ann = visit('/packed')
      await ann.next('welcome')
      for (const text of [LONG, 'short', LONG]) {
        ann.say('note', { text })
        expect((await ann.next('noted')).data.text).toBe(text)
      }
      expect(ann.socket.extensions?.() ?? 'permessage-deflate').toContain('permessage-deflate')
    })

    describe.each(client.tokens)('with a token in the %s', (place) => {
      const given = async (token: string): Promise<Partial<Opening>> => {
        if (place === 'header') return { headers: { Authorization: `Bearer ${token}` } }
        if (place === 'cookie') return { headers: { Cookie: `${COOKIE}=${token}` } }
        return { protocols: ['corridor', `bearer.${token}`] }
      }

      it('enters a locked room under the name of the token', async () => {
        const ann = visit('/locked', await given(await sign({ sub: 'ann', name: 'Ann' })))
        expect(await ann.next('welcome')).toMatchObject({ data: { you: { id: 'ann', name: 'Ann' } } })
      })

      it('is refused if the token is wrong', async () => {
        const ann = visit('/locked', { ...(await given(`${await sign()}x`)), tries: 0 })
        await ann.ends.next('the end of a refused connection')
        expect(ann.heard.all).toEqual([])
      })
    })

    it('gets the code and the reason of a close, and its own close ends the membership at once', async () => {
      const ann = visit('/notes/closes?name=Ann', { tries: 0 })
      await ann.next('welcome')
      ann.say('leave')
      expect(await ann.ends.next('the close')).toEqual({ code: 3000, reason: 'you said so' })
      const ben = visit('/notes/closes?name=Ben')
      const cleo = visit('/notes/closes?name=Cleo')
      for (const each of [ben, cleo]) await each.next('welcome')
      ben.socket.close(1000, 'bye')
      while ((await cleo.next('left')).data.name !== 'Ben');
    })

    it.each([
      ['/nowhere', 'no_such_room'],
      ['/locked', 'no_token'],
      ['/uninvited', 'not_invited'],
      ['/full', 'room_full'],
      ['/few', 'too_many'],
    ])('is refused by %s (%s), and tries no more often than it is told', async (path) => {
      const first = path === '/full' || path === '/few' ? await stage.server.connect(path) : undefined
      const before = stage.proxy.accepted
      const tries = client.isReturning ? 2 : 0
      const ann = visit(path, { tries })
      for (let ends = 0; ends <= tries; ends += 1) await ann.ends.next('the end of a refused connection')
      const attempts = stage.proxy.accepted - before
      expect(attempts).toBeGreaterThanOrEqual(tries + 1)
      // undici asks once more after each 401.
      expect(attempts).toBeLessThanOrEqual(2 * (tries + 1))
      expect([ann.heard.all, ann.opens.all]).toEqual([[], []])
      await first?.close()
    })

    if (client.isReturning)
      it('enters by itself as soon as a full room has a place', async () => {
        const first = await stage.server.connect('/full')
        const ann = visit('/full?name=Ann')
        await ann.ends.next('the end of a refused connection')
        await first.close()
        expect(await ann.next('welcome')).toMatchObject({ data: { you: { name: 'Ann' } } })
      })

    it('is refused while the server drains, and enters a server that is back', async () => {
      const drain = await stage.drain()
      const early = visit('/notes/late?name=Ann')
      await early.ends.next('the end of a refused connection')
      await drain.restart()
      // A client that does not connect again by itself is opened again by its program.
      const ann = client.isReturning ? early : visit('/notes/late?name=Ann')
      expect(await ann.next('welcome')).toMatchObject({ data: { you: { name: 'Ann' } } })
    })

    it('misses and repeats nothing over a lost connection and a restart', async () => {
      let epoch = ''
      let seq = 0
      const seqs: number[] = []
      const noted = new Heard<string>()
      const heard = (message: Message) => {
        const said = JSON.parse(String(message))
        if (said.type === 'welcome') {
          epoch = said.data.epoch
          // Without an offset, what the room remembers follows; with one, what was missed.
          if (seq === 0) noted.push('welcome')
          else noted.push(`resumed ${said.data.resumed}`)
        }
        if (said.seq === undefined) return
        seq = said.seq
        seqs.push(said.seq)
        noted.push(said.data.text)
      }
      const offset = () => (seq ? `&offset=${epoch}_${String(seq).padStart(16, '0')}` : '')
      const address = () => `${stage.ws}/notes/returns?name=Ann&client=one${offset()}`
      const ends = new Heard<number>()
      let current: Opened
      let isOver = false
      const open = (): Opened =>
        client.open({
          address,
          heard,
          opened() {},
          ended(code) {
            ends.push(code)
            // A client that does not connect again by itself is opened again by its program.
            if (!client.isReturning && !isOver) setTimeout(reopen, 20)
          },
        })
      const reopen = () => {
        if (!isOver) current = open()
      }
      current = open()
      const say = (text: string) => post(`${stage.server.url}/notes/returns`, note(text))
      const next = () => noted.next('a note')

      expect(await next()).toBe('welcome')
      await say('one')
      expect(await next()).toBe('one')
      stage.proxy.cut()
      await say('two')
      expect([await next(), await next()]).toEqual(['resumed true', 'two'])
      expect(await ends.next('the lost connection')).toBe(client.lostCode ?? 1006)
      const restarted = stage.restart()
      expect(await ends.next('the close')).toBe(1012)
      await restarted
      await say('three')
      expect([await next(), await next()]).toEqual(['resumed true', 'three'])
      isOver = true
      current.close()
      expect(seqs).toEqual([1, 2, 3])
    })
  })
}

/** Bytes, whatever kind of buffer a client hands out. */
export function messageOf(data: unknown): Message {
  if (typeof data === 'string') return data
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  if (data instanceof Uint8Array) return new Uint8Array(data)
  throw new TypeError(`expected text or bytes, got ${Object.prototype.toString.call(data)}`)
}
