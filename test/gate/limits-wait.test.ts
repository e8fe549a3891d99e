/**
 * The limits of what may wait, and how long (catalogue: LB1 to LB3, HS8), one by one: set small, exceeded, answered as
 * docs/LIMITS.md says, and counted.
 */
import { randomBytes } from 'node:crypto'
import { type Socket, connect as tcp } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { constants, deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import type { Limit } from '../../src/tally.ts'
import { fragmented, frame, Op } from '../support/bare-frames.ts'
import { BarePeer } from '../support/bare-peer.ts'
import { post } from '../support/event-stream.ts'
import { note, openLimited, settled } from '../support/limited.ts'

const fixture = openLimited()
const { start, startWith, count, pass, bare } = fixture

const MIB = 1024 * 1024

const exceeded = {
  async 'limits.waiting'() {
    const hold = Promise.withResolvers<void>()
    const definition = defineRoom({
      receives: { hold: z.string() },
      sends: {},
      open: () => ({ receive: { hold: () => hold.promise } }),
    })
    const raw = defineRoom({ open: () => ({ message: () => hold.promise }) })
    const limits = { waiting: 1 }
    await start({ rooms: { '/notes': { definition, limits }, '/echo': { definition: raw, limits } } })
    const peer = await fixture.server.connect('/notes')
    for (const id of ['1', '2', '3']) peer.send('hold', id, id)
    expect(await peer.next('error')).toMatchObject({ id: '3', data: { code: 'unavailable' } })
    const other = await fixture.server.connect('/echo')
    for (const text of ['1', '2', '3']) other.sendText(text)
    expect((await other.closed).code).toBe(1013)
    expect([await count('limits.waiting'), await count('limits.waiting', '/echo')]).toEqual([1, 1])
    hold.resolve()
  },

  async 'limits.buffered'() {
    await start({ rooms: { '/notes': { definition: loud, limits: { buffered: '64KiB' } } } })
    const slow = await fixture.server.connect('/notes')
    slow.socket.pause()
    for (let times = 0; times < 50 && (await count('limits.buffered')) === 0; times += 1) await shout(4 * MIB)
    expect(await count('limits.buffered')).toBe(1)
    slow.socket.resume()
    expect((await slow.closed).code).toBe(1013)
  },

  async 'limits.heartbeat'() {
    await startWith({ heartbeat: '5s' }, true)
    const [silent, alive] = [await bare('/notes'), await fixture.server.connect('/notes')]
    await pass(14)
    expect(await count('limits.heartbeat')).toBe(0)
    await pass(2)
    expect(await silent.closed()).toBe(1008)
    expect(await count('limits.heartbeat')).toBe(1)
    await alive.close()
  },

  async 'limits.messageTimeout'() {
    await startWith({ messageTimeout: '20s', heartbeat: '1h' }, true)
    const [peer, quiet] = [await bare('/notes'), await bare('/notes')]
    await peer.write(fragmented(Op.text, ['{"type":'], false))
    await settled()
    await pass(19)
    expect(await count('limits.messageTimeout')).toBe(0)
    // Two looks, 10 s apart, may pass before it is found and before it is closed.
    await pass(21)
    expect(await peer.closed()).toBe(1008)
    expect(await count('limits.messageTimeout')).toBe(1)
    await quiet.write(frame(Op.text, JSON.stringify({ ...note(), id: 'm' })))
    await expect.poll(async () => String((await quiet.next())?.payload)).toContain('"ack"')
  },

  async 'limits.sendTimeout'() {
    const limits = { sendTimeout: '20s', heartbeat: '1h', buffered: '64MiB' }
    await start({ rooms: { '/notes': { definition: loud, limits } } }, true)
    const peer = await fixture.server.connect('/notes')
    peer.socket.pause()
    const gone = await vanishing('live=sse&client=c')
    const members = async () => ((await (await fetch(`${fixture.server.url}/notes`)).json()) as Described).members.count
    expect(await members()).toBe(2)
    await shout(12 * MIB)
    await pass(20)
    expect(await count('limits.sendTimeout')).toBe(0)
    // 8 KiB of what waited a second.
    await pass(12 * 128 + 20)
    expect(await count('limits.sendTimeout')).toBe(2)
    // The one with a `client` was waited for, and is no member any more.
    expect(await members()).toBe(0)
    gone.destroy()
    peer.terminate()
  },

  async 'server.limits.buffered'() {
    const room = { definition: loud, limits: { buffered: '64MiB' } }
    await start({ server: { limits: { buffered: '1MiB' } }, rooms: { '/notes': room } })
    const slow = await fixture.server.connect('/notes')
    slow.socket.pause()
    await shout(12 * MIB)
    // A slow peer is found when more is written.
    await shout(1)
    await expect.poll(() => count('server.limits.buffered')).toBe(1)
    expect(await count('limits.buffered')).toBe(0)
    slow.socket.resume()
    expect((await slow.closed).code).toBe(1013)
  },
} satisfies Partial<Record<Limit, () => Promise<void>>>

interface Described {
  readonly members: { readonly count: number }
}

/** Sends this many bytes to everyone: `shout` asks for it over HTTP, and waits until they were written. */
const loud = defineRoom({
  receives: { shout: z.int() },
  sends: { shouted: z.string() },
  open: (room) => ({
    receive: { shout: (_, bytes) => room.publish('shouted', 'x'.repeat(bytes)).then(() => settled()) },
  }),
})
const shout = (bytes: number) => post(`${fixture.server.url}/notes`, { type: 'shout', data: bytes })

/** An event stream that is opened and never read on. */
async function vanishing(query: string): Promise<Socket> {
  const socket = tcp(fixture.server.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(`GET /notes?${query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
  await new Promise((resolve) => socket.once('data', resolve))
  socket.pause()
  return socket
}

/** The next message, past our pings. */
async function heard(peer: BarePeer) {
  let frame = await peer.next()
  while (frame?.opcode === Op.ping) frame = await peer.next()
  return frame
}

describe('an exceeded limit is answered and counted:', () => {
  it.each(Object.entries(exceeded))('%s', (_, test) => test())
})

describe('a message on its way', () => {
  it('from an honest slow sender, one large frame at 1 KiB a second, arrives', async () => {
    // In the midst of its frame it cannot answer a ping.
    await startWith({ messageTimeout: '10s', heartbeat: '5s' }, true)
    const peer = await bare('/echo')
    const message = frame(Op.text, 'x'.repeat(60_000))
    for (let at = 0; at < message.length; at += 1024) {
      await peer.write(message.subarray(at, at + 1024))
      await wait(5)
      await pass(1)
    }
    expect((await heard(peer))?.payload.length).toBe(60_000)
    expect(await count('limits.messageTimeout', '/echo')).toBe(0)
    peer.destroy()
  })

  it('from an honest slow sender, compressed and in fragments, arrives', async () => {
    const limits = { messageTimeout: '10s', heartbeat: '1h' }
    await start({ rooms: { '/echo': { limits, compression: true } } }, true)
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
    const peer = await BarePeer.open(`${fixture.server.ws}/echo`, { headers })
    const said = randomBytes(30_000).toString('hex')
    const squeezed = deflateRawSync(said, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
    for (let at = 0; at < squeezed.length; at += 1024) {
      const isFinal = at + 1024 >= squeezed.length
      const opcode = at === 0 ? Op.text : Op.continuation
      await peer.write(frame(opcode, squeezed.subarray(at, at + 1024), { rsv: at === 0 ? 4 : 0, isFinal }))
      await wait(5)
      await pass(1)
    }
    expect((await heard(peer))?.payload.length).toBeGreaterThan(20_000)
    expect(await count('limits.messageTimeout', '/echo')).toBe(0)
    peer.destroy()
  })

  it('a byte each second is closed, though it sends pings and pongs beside', async () => {
    await startWith({ messageTimeout: '10s', heartbeat: '5s' }, true)
    const peer = await bare('/echo')
    await peer.write(fragmented(Op.text, ['begun'], false))
    for (let at = 0; at < 100 && !peer.hasClosed; at += 1) {
      await peer.write([frame(Op.pong), frame(Op.continuation, 'x', { isFinal: false })])
      await wait(5)
      await pass(1)
      expect(at).toBeLessThan(35)
    }
    expect(peer.closeCode).toBe(1008)
    peer.destroy()
  })

  it('of many that follow each other is not taken for one', async () => {
    await startWith({ messageTimeout: '2s', heartbeat: '1h' }, true)
    const peer = await bare('/echo')
    const message = frame(Op.text, 'and on')
    await peer.write(message.subarray(0, 5))
    for (let times = 0; times < 40; times += 1) {
      await peer.write([message.subarray(5), message.subarray(0, 5)])
      expect((await peer.next())?.payload.toString()).toBe('and on')
      await pass(1)
    }
    peer.destroy()
  })
})
