/**
 * Texts of every kind of character and at every edge of a frame's length arrive as they were said, in their order: live,
 * beside messages to one peer alone, and from the log while more is published; over every wire alike.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, type Peer, type Room } from '../../src/define.ts'
import { CHARACTERS, EDGES, textOf } from '../support/payloads.ts'
import { seeded } from '../support/random.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { joinStream } from '../support/stream-peer.ts'

interface Listener {
  next<D>(type?: string): Promise<{ type: string; seq?: number; data: D }>
  terminate(): void
}

const sends = { said: z.string(), whispered: z.string() }
const LENGTHS = [...EDGES, 16_250, 16_300, 16_320, 65_470, 65_500]
const TEXTS = CHARACTERS.flatMap((character) => LENGTHS.map((length) => textOf(character, length)))
/** More than a page of the log. */
const BEFORE = [...TEXTS, ...TEXTS]

let server: TestServer
let room: Room<typeof sends>
const peers = new Set<Peer<typeof sends>>()

const definition = defineRoom({
  receives: {},
  sends,
  open(opened) {
    room = opened
    return { join: (peer) => void peers.add(peer), leave: (peer) => void peers.delete(peer) }
  },
})

beforeAll(async () => {
  const limits = { buffered: '512MiB' }
  const line = { definition, history: { keep: 100_000, replay: 0 }, limits, compression: true }
  server = await startServer({ rooms: { '/room': line } })
})
afterAll(() => server.close())

const WIRES: Record<string, (query?: Record<string, string>) => Promise<Listener>> = {
  'a WebSocket': (query) => server.connect('/room', query, { perMessageDeflate: false }),
  'a compressed WebSocket': (query) => server.connect('/room', query, { perMessageDeflate: true }),
  'an event stream': (query) => joinStream(`${server.url}/room`, query),
}

it.each(Object.keys(WIRES))('live and from the log, over %s', async (name) => {
  const enter = WIRES[name] as (typeof WIRES)[string]
  const random = seeded(1)
  const live = await enter()
  const welcome = await live.next<{ epoch: string; seq: number }>('welcome')
  await expect.poll(() => peers.size).toBe(1)
  const { epoch, seq: start } = welcome.data
  for (const text of BEFORE) {
    void room.publish('said', text)
    if (random.oneIn(3)) for (const peer of peers) peer.send('whispered', text)
    else room.broadcast('whispered', text)
    if (random.oneIn(20)) await turn()
  }
  const entering = enter({ offset: `${epoch}_${String(start).padStart(16, '0')}` })
  for (const text of TEXTS) {
    void room.publish('said', text)
    if (random.oneIn(20)) await turn()
  }
  const late = await entering
  const hears = async (listener: Listener, texts: readonly string[], isLive: boolean) => {
    for (const [at, text] of texts.entries()) {
      const said = await listener.next<string>(isLive ? undefined : 'said')
      expect([said.type, said.seq, said.data === text]).toEqual(['said', start + at + 1, true])
      if (!isLive || at >= BEFORE.length) continue
      const whispered = await listener.next<string>()
      expect([whispered.type, whispered.data === text]).toEqual(['whispered', true])
    }
    listener.terminate()
  }
  const all = [...BEFORE, ...TEXTS]
  await Promise.all([hears(live, all, true), hears(late, all, false)])
})
