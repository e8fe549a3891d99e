/** What a foreign client must be able to do against a real server, stated once; `clients.ts` says what each cannot. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isStrict } from '../support/components.ts'
import { bearer, sign } from '../support/tokens.ts'
import { CLOSE, PONG } from './client-frames.ts'
import { type Feature, type ForeignClient, type Found, probe, rowOf, Visit } from './foreign-client.ts'
import { headerOf } from './relay.ts'
import { note } from './results.ts'
import { openScene, type Scene } from './scene.ts'

const LARGE = 'grüße, 世界 🌍 '.repeat(4000)
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i))

export function describeClient(client: ForeignClient): void {
  describe(client.name, () => {
    let found: Found
    const test = (title: string, body: () => Promise<void>, feature?: Feature) =>
      it(title, async ({ skip }) => {
        const reason = 'missing' in found ? found.missing : feature && client.cannot?.[feature]
        if (reason) skip(`${client.name}: ${reason}`)
        await body()
      })

    let scene: Scene
    const visits: Visit[] = []
    beforeAll(async () => {
      found = probe(client)
      if ('missing' in found && isStrict()) throw new Error(`${client.name}: ${found.missing}`)
      scene = await openScene()
    })
    afterEach(async () => {
      for (const visit of visits.splice(0)) await visit.stop()
    })
    afterAll(async () => {
      await scene.close()
      note(rowOf(client, found))
    })
    const visit = (path: string, ...words: string[]) => {
      const visit = new Visit(client, [`ws://${scene.relay.host}${path}`, ...words])
      visits.push(visit)
      return visit
    }

    test('connects, says and hears, and closes by itself', async () => {
      const ben = await scene.enter('/notes/hear')
      const ann = visit(
        '/notes/hear?name=ann&client=ann1',
        ...[
          'hear',
          '1',
          'text',
          '{"type":"note","data":{"text":"grüße 🌍"},"id":"1"}',
          'hear',
          '2',
          'close',
          '1000',
          'bye',
        ],
      )
      expect(await ann.next()).toEqual({ open: { protocol: '' } })
      expect(await ann.events(1)).toMatchObject([
        { type: 'welcome', data: { room: '/notes/hear', you: { name: 'ann' } } },
      ])
      expect(await ann.events(2)).toMatchObject([
        { type: 'noted', seq: 1, data: { text: 'grüße 🌍', from: 'ann' } },
        { type: 'ack', id: '1', seq: 1 },
      ])
      expect(await ben.next('noted')).toMatchObject({ seq: 1, data: { text: 'grüße 🌍' } })
      expect((await ann.next()).closed?.code).toBe(1000)
      const { payload } = await scene.relay.frame(CLOSE)
      expect([payload.readUInt16BE(), payload.toString('utf8', 2)]).toEqual([1000, 'bye'])
      // The clock stands still: a lost connection would be waited for.
      expect(await ben.next('left')).toMatchObject({ data: { name: 'ann' } })
      await ann.done()
      await ben.close()
    })

    test('carries text and bytes of every length', async () => {
      const bytes = Buffer.concat(Array.from({ length: 160 }, () => ALL_BYTES))
      const code = client.cannot?.['close code of its own'] ? 1000 : 4001
      const words = ['text', LARGE, 'binary', ALL_BYTES.toString('hex'), 'binary', bytes.toString('hex'), 'text', 'x']
      const echo = visit('/echo', ...words, 'binary', '00', 'hear', '5', 'close', String(code), '')
      await echo.next()
      expect(await echo.take(5)).toEqual([
        { text: LARGE },
        { binary: ALL_BYTES.toString('hex') },
        { binary: bytes.toString('hex') },
        { text: 'x' },
        { binary: '00' },
      ])
      expect((await echo.next()).closed?.code).toBe(code)
      await echo.done()
    })

    describe('in a room with compression', () => {
      const exchange = async (...asked: string[]) => {
        const packed = visit('/packed', ...asked, 'text', LARGE, 'text', 'short', 'hear', '2', 'close', '1000', '')
        await packed.next()
        expect(await packed.take(2)).toEqual([{ text: LARGE }, { text: 'short' }])
        expect((await packed.next()).closed?.code).toBe(1000)
        await packed.done()
        const isOn = headerOf(scene.relay.response, 'sec-websocket-extensions') !== undefined
        return { isOn, ...scene.relay.carried }
      }
      const full = Buffer.byteLength(LARGE)

      test('works as it comes', async () => {
        const { isOn, down } = await exchange()
        expect(isOn).toBe(client.compression === 'always')
        expect(down < full / 10).toBe(isOn)
      })

      test('works if it is asked to compress', async () => {
        if (client.compression !== 'asked') return
        const { isOn, up, down } = await exchange('compress')
        expect(isOn).toBe(true)
        expect([up < full / 10, down < full / 10]).toEqual([true, true])
      })
    })

    describe('brings a token', () => {
      const open = async (...words: string[]) => {
        const secret = visit('/secret', ...words, 'hear', '1', 'close', '1000', '')
        const { open } = await secret.next()
        const [welcome] = await secret.events(1)
        expect(welcome).toMatchObject({ type: 'welcome', data: { you: { id: 'u1', name: 'Ann' } } })
        await secret.next()
        await secret.done()
        return open?.protocol
      }
      const token = () => sign({ sub: 'u1', name: 'Ann' })

      test(
        'in a header',
        async () => void (await open('header', 'Authorization', bearer(await token()).Authorization)),
        'token in header',
      )

      test('in a cookie', async () => void (await open('header', 'Cookie', `pass=${await token()}`)), 'token in cookie')

      test(
        'as a subprotocol',
        async () => {
          const offer = ['protocol', 'notes.1', 'protocol', `bearer.${await token()}`]
          expect(await open(...offer)).toBe('notes.1')
        },
        'token in subprotocol',
      )

      test(
        'and without one is told why it stays out',
        async () => {
          const secret = visit('/secret', 'end')
          expect(await secret.next()).toEqual({ refused: { status: 401 } })
          await secret.done()
        },
        'status of a refusal',
      )
    })

    test('hears how the server closes', async () => {
      const closes = [
        ['/ends', ['text', '4000 you said so: 世界'], 0, { code: 4000, reason: 'you said so: 世界' }],
        ['/shut', [], 2, { code: 1008, reason: 'shut_today' }],
        ['/notes/bytes', ['binary', '00'], 1, { code: 1003, reason: expect.any(String) }],
      ] as const
      for (const [path, words, count, expected] of closes) {
        const ends = visit(path, ...words, 'hear', String(count), 'end')
        await ends.take(1 + count)
        const { closed } = await ends.next()
        expect(closed).toEqual(client.cannot?.['close reason'] ? { ...expected, reason: '' } : expected)
        await ends.done()
      }
    })

    test('resumes from its last offset: nothing missed, nothing repeated', async () => {
      const ben = await scene.enter('/notes/resume')
      const say = async (from: number, to: number) => {
        for (let i = from; i <= to; i += 1) ben.send('note', { text: String(i) })
        for (let i = from; i <= to; i += 1) await ben.next('noted')
      }
      await say(1, 2)
      const first = visit('/notes/resume?name=ann&offset=now', 'hear', '1', 'hear', '3', 'end')
      await first.next()
      const [welcome] = await first.events(1)
      await say(3, 5)
      const heard = (await first.events(3)).map(({ seq }) => seq)
      scene.relay.cut()
      expect((await first.next()).closed?.reason ?? '').toBeTypeOf('string')
      await first.done()
      await say(6, 8)
      const { epoch = '' } = welcome?.data ?? {}
      const offset = `${epoch}_${String(heard.at(-1)).padStart(16, '0')}`
      const second = visit(`/notes/resume?name=ann&offset=${offset}`, 'hear', '5', 'close', '1000', '')
      await second.next()
      const [again] = await second.events(1)
      expect(again).toMatchObject({ type: 'welcome', data: { resumed: true } })
      heard.push(...(await second.events(3)).map(({ seq }) => seq))
      await say(9, 9)
      heard.push(...(await second.events(1)).map(({ seq }) => seq))
      expect(heard).toEqual([3, 4, 5, 6, 7, 8, 9])
      await second.next()
      await second.done()
      await ben.close()
    })

    test('answers the heartbeat, and sends an Origin that passes, or none', async () => {
      const quiet = visit('/ends', 'hear', '1', 'end')
      await quiet.next()
      const origin = scene.relay.header('origin')
      expect(origin === undefined ? 'none' : 'same').toBe(client.origin)
      await scene.pass(25_000)
      await scene.relay.frame(PONG)
      // By the time this is answered the server has read the pong.
      await scene.say('/echo', 'a moment')
      await scene.pass(15_000)
      await scene.say('/ends', 'still here')
      expect(await quiet.next()).toEqual({ text: 'still here' })
    })
  })
}
