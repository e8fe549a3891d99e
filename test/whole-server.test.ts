/**
 * A whole server whose time the test turns by hand and whose chance comes from a seed: nothing that takes time happens
 * by itself, and what happened once happens again, to the last id.
 */
import { defineRoom } from 'corridor'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { handClock } from '../src/testing/hand-clock.ts'
import type { Client } from './support/client.ts'
import { seededRandom } from './support/seeded-random.ts'
import { startServer } from './support/server.ts'

const SECOND_MS = 1000
const LINE = { limits: { heartbeat: '20s' }, rejoinWithin: '5s', idleAfter: '1m' }

/** Everything that happens to a room and its peers from the first join to the end of the server. */
async function life(seed: number): Promise<string[]> {
  const story: string[] = []
  const clock = handClock()
  const startMs = clock.now()
  const tell = (what: string) => void story.push(`${(clock.now() - startMs) / SECOND_MS} s: ${what}`)
  const definition = defineRoom({
    receives: { say: z.string() },
    sends: { said: z.string() },
    open(room) {
      tell('the room opens')
      return {
        join: (peer) => tell(`${peer.name} joins`),
        drop: (peer) => tell(`${peer.name} is lost`),
        leave: (peer) => tell(`${peer.name} leaves`),
        close: () => tell('the room closes'),
        receive: { say: (peer, text) => void room.publish('said', `${peer.name} says ${text}`) },
      }
    },
  })
  const server = await startServer({
    rooms: { '/room': { definition, ...LINE } },
    env: { DRAIN_MS: '10000', DRAIN_NOTICE_MS: '3000' },
    clock,
    random: seededRandom(seed),
  })
  const happened = (what: string) => expect.poll(() => story.join('\n')).toContain(what)
  const join = async (query: Record<string, string>, options = {}) => {
    const client = await server.connect('/room', query, options)
    tell(JSON.stringify(await client.next('welcome')))
    return client
  }
  const say = async (client: Client, text: string) => {
    client.send('say', text)
    for (;;) {
      const event = await client.next<string>('said')
      if (!event.data.endsWith(text)) continue
      tell(JSON.stringify(event))
      return
    }
  }

  const guest = await join({})
  const ben = await join({ name: 'ben', client: 'b1' }, { autoPong: false })
  await clock.advance(20 * SECOND_MS)
  // A sign of life after the ping; ben gives none.
  await say(guest, 'hello')
  await clock.advance(9 * SECOND_MS)
  expect(story.join('\n')).not.toContain('is lost')
  await clock.advance(SECOND_MS)
  await happened('ben is lost')
  tell(`ben: ${(await ben.closed).code}`)
  await clock.advance(5 * SECOND_MS - 1)
  expect(story.join('\n')).not.toContain('ben leaves')
  await clock.advance(1)
  expect(story.at(-1)).toContain('ben leaves')
  await guest.close(1000)
  await expect.poll(() => story.at(-1)).toMatch(/guest-.{4} leaves/)
  await clock.advance(60 * SECOND_MS - 1)
  expect(story.join('\n')).not.toContain('the room closes')
  await clock.advance(1)
  await happened('the room closes')

  const eve = await join({ name: 'eve' })
  const ended = server.close()
  await clock.advance(3 * SECOND_MS - 1)
  await say(eve, 'still here')
  await clock.advance(1)
  await ended
  tell(`eve: ${(await eve.closed).reason}`)
  return story
}

it('lives through a lost peer, an empty room and a drain when the test decides, and the same seed repeats it', async () => {
  const story = await life(7)
  const lines = story.map((line) => line.replace(/\{.*\}/, (json) => JSON.parse(json).type))
  expect(lines).toEqual([
    '0 s: the room opens',
    expect.stringMatching(/^0 s: guest-\w{4} joins$/),
    '0 s: welcome',
    '0 s: ben joins',
    '0 s: welcome',
    '20 s: said',
    '30 s: ben is lost',
    '30 s: ben: 1008',
    '35 s: ben leaves',
    expect.stringMatching(/^35 s: guest-\w{4} leaves$/),
    '95 s: the room closes',
    '95 s: the room opens',
    '95 s: eve joins',
    '95 s: welcome',
    '97.999 s: said',
    '98 s: eve leaves',
    '98 s: the room closes',
    expect.stringMatching(/^98 s: eve: restarting, come back in \d+ ms$/),
  ])
  expect(await life(7)).toEqual(story)
  expect(await life(8)).not.toEqual(story)
})
