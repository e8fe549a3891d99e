/** What every wire of an event room must do, written once; `wire-*.test.ts` run it over each. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EventFrame } from './client.ts'
import notes from './notes.ts'
import { BRIEF_DRAIN, startServer, type TestServer } from './server.ts'

/** A peer, whatever it comes over. */
export interface Peer {
  send(type: string, data?: unknown, id?: string): unknown
  next<D = never>(type?: string): Promise<EventFrame<D>>
  /** Reads no more, and reads on. */
  pause(): void
  resume(): void
  terminate(): void
  readonly closed: Promise<{ code: number; reason: string }>
}

export type Join = (server: TestServer, path: string, query?: Record<string, string>) => Promise<Peer>

const note = (text: string) => ({ text })

export function testWire(name: string, join: Join, start: typeof startServer = startServer): void {
  describe(name, () => {
    let server: TestServer

    beforeAll(async () => {
      server = await start({
        env: BRIEF_DRAIN,
        server: { limits: { handshakes: { perSecond: 1e5, burst: 1e5 } } },
        rooms: {
          '/notes/:name': {
            definition: notes,
            history: { replay: 3 },
            limits: { rate: { perSecond: 1e5, burst: 1e5 } },
          },
          '/kept/:name': { definition: notes, history: { keep: 2, replay: 2 } },
          '/narrow': {
            definition: notes,
            limits: { rate: { perSecond: 1e5, burst: 1e5 }, buffered: '256KiB', payload: '128KiB' },
          },
        },
      })
    })

    afterAll(() => server.close())

    const room = (mount = 'notes') => `/${mount}/${crypto.randomUUID()}`
    const enter = (path: string, query?: Record<string, string>) => join(server, path, query)
    /** Has so many notes said by somebody. Resolves with the epoch of the room. */
    const say = async (path: string, count: number) => {
      const one = await enter(path)
      const { epoch } = (await one.next<{ epoch: string }>('welcome')).data
      for (let index = 1; index <= count; index += 1) one.send('note', note(`${index}`), `m${index}`)
      for (let index = 1; index <= count; index += 1) await one.next('ack')
      one.terminate()
      return (seq: number) => `${epoch}_${String(seq).padStart(16, '0')}`
    }

    it('is welcomed first, with its name and the position of the log', async () => {
      const path = room()
      await say(path, 5)
      const ann = await enter(path, { name: 'Ann' })
      expect(await ann.next()).toEqual({
        type: 'welcome',
        data: {
          room: path,
          you: { id: expect.any(String), name: 'Ann' },
          epoch: expect.any(String),
          first: 1,
          seq: 5,
          time: expect.any(Number),
        },
      })
      for (const seq of [3, 4, 5]) expect(await ann.next()).toMatchObject({ type: 'noted', seq })
    })

    it('gives everyone the same events in one order, and each sender its acks', async () => {
      const path = room()
      const peers = await Promise.all(['a', 'b', 'c'].map((name) => enter(path, { name })))
      for (const peer of peers) await peer.next('welcome')
      for (let index = 0; index < 20; index += 1) {
        for (const [at, peer] of peers.entries()) peer.send('note', note(`${at}:${index}`), `m${index}`)
      }
      const heard = await Promise.all(
        peers.map(async (peer) => {
          const events: EventFrame<{ text: string }>[] = []
          const acks: string[] = []
          while (events.length < 60 || acks.length < 20) {
            const frame = await peer.next<{ text: string }>()
            if (frame.type === 'noted') events.push(frame)
            if (frame.type === 'ack') acks.push(frame.id ?? '')
          }
          expect(acks).toEqual(Array.from({ length: 20 }, (_, index) => `m${index}`))
          return events
        }),
      )
      expect(heard[0]?.map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1))
      expect(heard[1]).toEqual(heard[0])
      expect(heard[2]).toEqual(heard[0])
      for (const at of [0, 1, 2]) {
        const own = heard[0]?.filter(({ data }) => data.text.startsWith(`${at}:`)).map(({ data }) => data.text)
        expect(own).toEqual(Array.from({ length: 20 }, (_, index) => `${at}:${index}`))
      }
    })

    it('resumes with every later event and nothing else', async () => {
      const path = room()
      const at = await say(path, 5)
      const ann = await enter(path, { offset: at(1) })
      expect(await ann.next()).toMatchObject({ type: 'welcome', data: { resumed: true } })
      for (const seq of [2, 3, 4, 5]) expect(await ann.next()).toMatchObject({ type: 'noted', seq })
    })

    it('gets the reason why it cannot resume, and what a newcomer gets', async () => {
      const path = room('kept')
      const at = await say(path, 5)
      const lost = { trimmed: at(1), ahead: at(9), epoch: `${'0'.repeat(32)}_0000000000000005` }
      for (const [reason, offset] of Object.entries(lost)) {
        const peer = await enter(path, { offset })
        expect(await peer.next()).toMatchObject({ type: 'welcome', data: { resumed: false, reason, first: 4, seq: 5 } })
        for (const seq of [4, 5]) expect(await peer.next()).toMatchObject({ type: 'noted', seq })
        peer.terminate()
      }
    })

    it('has a message handled once, however often it sends it, also over another connection', async () => {
      const path = room()
      const client = 'the-same'
      const ann = await enter(path, { client })
      ann.send('note', note('once'), 'm1')
      expect(await ann.next('ack')).toEqual({
        type: 'ack',
        id: 'm1',
        seq: 1,
        kept: expect.toBeOneOf(['memory', 'fsync']),
      })
      ann.send('note', note('once'), 'm1')
      expect(await ann.next('ack')).toEqual({
        type: 'ack',
        id: 'm1',
        seq: 1,
        kept: expect.toBeOneOf(['memory', 'fsync']),
        duplicate: true,
      })
      ann.terminate()
      const again = await enter(path, { client })
      await again.next('welcome')
      again.send('note', note('once'), 'm1')
      expect(await again.next('ack')).toMatchObject({ seq: 1, duplicate: true })
      again.send('note', note('another'), 'm1')
      expect(await again.next('error')).toMatchObject({ id: 'm1', data: { code: 'conflict' } })
    })

    it('gets the error that its handler refuses with', async () => {
      const ann = await enter(room())
      ann.send('fail', { code: 'not_yours' }, 'm1')
      expect(await ann.next('error')).toEqual({
        type: 'error',
        id: 'm1',
        data: { code: 'not_yours', message: 'refused with not_yours' },
      })
    })

    it('keeps the order of its messages while a handler takes its time', async () => {
      const ann = await enter(room())
      ann.send('slow', note('1'), 'm1')
      ann.send('note', note('2'), 'm2')
      for (const text of ['1', '2']) expect(await ann.next('noted')).toMatchObject({ data: { text } })
    })

    it('gets broadcasts, but not its own', async () => {
      const path = room()
      const [ann, bob] = [await enter(path), await enter(path)]
      await ann.next('welcome')
      await bob.next('welcome')
      bob.send('whisper', note('psst'), 'm1')
      expect(await bob.next()).toEqual({ type: 'ack', id: 'm1', kept: expect.toBeOneOf(['memory', 'fsync']) })
      expect(await ann.next('whispered')).toEqual({ type: 'whispered', data: { text: 'psst' } })
    })

    it('comes back as the member it was', async () => {
      const path = room()
      const bob = await enter(path)
      await bob.next('welcome')
      const ann = await enter(path, { client: 'ann', name: 'Ann' })
      const { you } = (await ann.next<{ you: object }>('welcome')).data
      ann.terminate()
      const again = await enter(path, { client: 'ann', name: 'Ann' })
      expect(await again.next('welcome')).toMatchObject({ data: { you } })
      again.send('whisper', note('back'))
      const heard: string[] = []
      while (heard.at(-1) !== 'whispered') heard.push((await bob.next()).type)
      expect(heard).toEqual(['came', 'whispered'])
    })

    it('is ended by the author with his reason', async () => {
      const ann = await enter(room())
      ann.send('leave')
      expect(await ann.closed).toEqual({ code: 3000, reason: 'you said so' })
    })

    it('that does not read is cut, and delays nobody', async () => {
      const fast = await enter('/narrow')
      const slow = await enter('/narrow')
      await fast.next('welcome')
      await slow.next('welcome')
      slow.pause()
      const text = 'x'.repeat(100_000)
      // More than the network holds between two sockets of one machine.
      for (let index = 1; index <= 250; index += 1) {
        fast.send('note', { text }, `m${index}`)
        await fast.next('ack')
      }
      slow.resume()
      expect([1013, 1006]).toContain((await slow.closed).code)
    })

    it('is asked to come back when the server ends', async () => {
      const other = await start({ rooms: { '/notes': { definition: notes } }, env: BRIEF_DRAIN })
      const ann = await join(other, '/notes')
      await ann.next('welcome')
      const ended = other.close()
      expect(await ann.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(/come back in \d+ ms/) })
      await ended
    })
  })
}
