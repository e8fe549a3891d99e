/**
 * What the same room module does, whatever wire its messages come by and whatever log keeps them, written once;
 * `same-room-*.test.ts` run it over each. The clock is turned by hand.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import type { Client } from './client.ts'
import { closeInTime } from './close-in-time.ts'
import type { Place } from './places.ts'
import { batchTests } from './same-room-batches.ts'
import { plainPost, type Sender, type WireUnderTest } from './senders.ts'
import { startServer, type TestServer } from './server.ts'
import { Stage, THROWN } from './stage.ts'

const FAST = { rate: { perSecond: 1e5, burst: 1e5 } }

/** What a test of the suite has. */
export interface Play {
  readonly stage: Stage
  readonly clock: HandClock
  readonly server: TestServer
  /** A peer that receives what the room sends. */
  readonly listener: Client
  sender(client: string): Promise<Sender>
  /** The next event that was heard. */
  heard(): Promise<string>
  /** Everything that was kept. */
  kept(): Promise<string[]>
  /** Resolves when a message was handled so often. */
  handled(text: string, times?: number): Promise<void>
}

async function open(wire: WireUnderTest, place: Place): Promise<Play> {
  const stage = new Stage()
  const clock = handClock(Date.now())
  const server = await startServer({
    clock,
    rooms: { '/room': { definition: stage.definition, limits: FAST } },
    server: { limits: { handshakes: { perSecond: 1e5, burst: 1e5 } } },
    ...(await place.setup(clock)),
  })
  const listener = await server.connect('/room')
  await listener.next('welcome')
  return {
    stage,
    clock,
    server,
    listener,
    sender: (client) => wire.sender(server, '/room', client),
    heard: async () => (await listener.next<string>('said')).data,
    kept: async () => {
      const events = (await (await fetch(`${server.url}/room?offset=-1`)).json()) as { data: string }[]
      return events.map(({ data }) => data)
    },
    handled: (text, times = 1) =>
      expect.poll(() => stage.handled.filter((each) => each === text).length).toBeGreaterThanOrEqual(times),
  }
}

/** Nothing is left that could hold it up: what still waits is given up. */
async function close({ stage, clock, server, listener }: Play): Promise<void> {
  stage.open()
  listener.terminate()
  await closeInTime(server, clock)
}

export function testSameRoom(wire: WireUnderTest, inPlace: () => Place): void {
  describe(`a room spoken to over ${wire.name}`, () => {
    const place = inPlace()
    let play: Play
    let ann: Sender
    beforeEach(async () => {
      play = await open(wire, place)
      ann = await play.sender('ann')
    })
    afterEach(() => close(play))

    it.each(['timer', 'loose'])('keeps and delivers what a handler starts and does not await (%s)', async (type) => {
      expect(await ann.say(type, 'a', '1')).toBe('kept')
      play.stage.open()
      expect(await play.heard()).toBe('a')
      expect(await play.stage.published[0]).toMatchObject({ seq: 1, offset: expect.any(String) })
      expect(await ann.say(type, 'a', '1')).toBe('kept')
      expect(await ann.say('say', 'b', '2')).toBe('kept')
      expect(await play.heard()).toBe('b')
      expect(await play.kept()).toEqual(['a', 'b'])
    })

    it('keeps what a timer of the room publishes that a handler began', async () => {
      expect(await ann.say('every', 'a')).toBe('kept')
      await play.clock.advance(1000)
      expect(await play.heard()).toBe('a')
      expect(await play.stage.published[0]).toMatchObject({ seq: 1 })
    })

    it.each(['slow', 'thenable'])('answers when an async handler has ended, and not before (%s)', async (type) => {
      let isAnswered = false
      const answer = ann.say(type, 'a', '1').finally(() => {
        isAnswered = true
      })
      await play.handled('a')
      expect(await (await play.sender('ben')).say('note', 'n')).toBe('kept')
      expect(isAnswered).toBe(false)
      play.stage.open()
      expect(await answer).toBe('kept')
      expect(await play.kept()).toEqual(['a'])
    })

    it('gives up a handler that never ends: it is answered, the next goes on, and nothing it still does counts', async () => {
      const { clock, server, stage } = play
      server.expectError(/given up/)
      const answer = ann.say('hang', 'a', '1')
      await play.handled('a')
      await clock.advance(5000)
      expect(await answer).toBe('unavailable')
      await clock.advance(22_000)
      const next = ann.say('say', 'b', '2')
      await clock.advance(4000)
      expect(await next).toBe('kept')
      expect(server.logs.filter(({ msg }) => /given up/.test(msg))).toMatchObject([
        { room: '/room', handler: 'receive.hang', err: { message: expect.stringContaining('30 s') } },
      ])
      expect(await ann.say('hang', 'a', '1')).toBe('kept')
      stage.open()
      await expect.poll(() => stage.late).toEqual(['unavailable', 'unavailable'])
      expect(await stage.published[2]).toBe('unavailable')
      expect(await play.kept()).toEqual(['b', 'a'])
      expect(stage.handled).toEqual(['a', 'b', 'a'])
    })

    it.each(Object.keys(THROWN))('answers what a handler throws, and goes on (%s)', async (how) => {
      play.server.expectError(/receive handler failed/)
      for (const isAsync of [false, true]) {
        expect(await ann.say('throw', { how, isAsync })).toBe(THROWN[how]?.code)
        expect(await ann.say('say', `after ${isAsync}`)).toBe('kept')
      }
      expect(await play.kept()).toEqual(['after false', 'after true'])
    })

    it.each(['say', 'note', 'slow'])('handles a message sent again under its id once (%s)', async (type) => {
      const answers = [ann.say(type, 'a', '1'), ann.say(type, 'a', '1')]
      await play.handled('a')
      play.stage.open()
      expect(await Promise.all(answers)).toEqual(['kept', 'kept'])
      // The same client, by another way.
      const again = await plainPost.sender(play.server, '/room', 'ann')
      expect(await again.say(type, 'a', '1')).toBe('kept')
      expect(await again.say(type, 'another', '1')).toBe('conflict')
      expect(play.stage.handled).toEqual(['a'])
      expect(await play.kept()).toEqual(type === 'note' ? [] : ['a'])
    })

    describe('whose sender disconnects', () => {
      /** Comes back and says everything again: each is kept once. */
      const comeBack = async (said: readonly (readonly [type: string, text: string])[]) => {
        const again = await play.sender('ann')
        for (const [type, text] of said) {
          const answer = again.say(type, text, text)
          await play.handled(text)
          play.stage.open()
          expect(await answer).toBe('kept')
        }
        expect((await play.kept()).toSorted()).toEqual(said.map(([, text]) => text))
        expect(play.stage.handled.toSorted()).toEqual(said.map(([, text]) => text))
      }

      it('while a handler runs, keeps what it does', async () => {
        void ann.say('slow', 'a', 'a')
        await play.handled('a')
        ann.lose()
        play.stage.open()
        expect(await play.heard()).toBe('a')
        await comeBack([['slow', 'a']])
      })

      it('between its handler and the log, keeps it', async () => {
        play.stage.onSay = () => ann.lose()
        void ann.say('say', 'a', 'a')
        expect(await play.heard()).toBe('a')
        await comeBack([['say', 'a']])
      })

      it('before its message was handled, can send it again', async () => {
        void ann.say('slow', 'a', 'a')
        await play.handled('a')
        void ann.say('say', 'b', 'b')
        ann.lose()
        play.stage.open()
        await comeBack([
          ['slow', 'a'],
          ['say', 'b'],
        ])
      })

      it('before its message arrived, can send it again', async () => {
        void ann.say('say', 'a', 'a')
        ann.lose()
        await comeBack([['say', 'a']])
      })
    })

    if (wire.hasBatches) batchTests(() => ({ ...play, ann }))
  })
}
