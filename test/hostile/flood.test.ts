/** Too much, from a peer or towards one: a flooding peer gets errors, then is held back or closed; a peer that does not read is closed. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, type Room } from '../../src/define.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { Heartbeat } from '../../src/transports/heartbeat.ts'
import { openOneRoom } from '../support/one-room.ts'

const fixture = openOneRoom()
const { start, enter } = fixture

describe('a flood', () => {
  const talk = defineRoom({
    receives: { say: z.string() },
    sends: { said: z.string() },
    open: (room) => ({ receive: { say: (_, text) => void room.publish('said', text) } }),
  })

  it('is answered with `rate_limited` for the message it names, then taken again', async () => {
    const clock = handClock()
    await start(talk, { limits: { rate: { perSecond: 20, burst: 2 } } }, clock)
    const ann = await enter('ann')
    for (const id of ['m1', 'm2', 'm3']) ann.send('say', id, id)
    const frames = [await ann.next(), await ann.next(), await ann.next(), await ann.next(), await ann.next()]
    const refused = frames.filter(({ type }) => type === 'error')
    expect(refused).toMatchObject([{ id: 'm3', data: { code: 'rate_limited' } }])
    const waitMs = Number(/in (\d+) ms/.exec(JSON.stringify(refused))?.[1])
    expect(waitMs > 0 && waitMs <= 50).toBe(true)
    await clock.advance(waitMs)
    ann.send('say', 'again', 'm4')
    expect(await ann.next('ack')).toMatchObject({ id: 'm4' })
  })

  it('that goes on closes its sender with 1008, also where a message is taken now and then', async () => {
    const clock = handClock()
    await start(talk, { limits: { rate: { perSecond: 500, burst: 5 } } }, clock)
    const [ann, bob] = [await enter('ann'), await enter('bob')]
    let isClosed = false
    void ann.closed.then(() => {
      isClosed = true
    })
    for (let batch = 0; batch < 1000 && !isClosed; batch += 1) {
      for (let number = 0; number < 20; number += 1) ann.send('say', 'x')
      await clock.advance(4)
    }
    expect(isClosed).toBe(true)
    expect(await ann.closed).toMatchObject({ code: 1008, reason: 'sent too much for too long' })
    bob.send('say', 'and I?', 'm1')
    expect(await bob.next('ack')).toMatchObject({ id: 'm1' })
  })

  it('in a raw room is read more slowly, and loses nothing', async () => {
    const server = await start(undefined, { limits: { rate: { perSecond: 200, burst: 10 } } })
    const ann = await server.connect('/room')
    for (let number = 0; number < 60; number += 1) ann.sendText(`${number}`)
    for (let number = 0; number < 60; number += 1) expect(await ann.nextText()).toBe(`${number}`)
    ann.sendText('after')
    expect(await ann.nextText()).toBe('after')
  })

  it('does not count as silence: a peer whose socket is paused is not closed as dead', async () => {
    const clock = handClock()
    const socket = {
      isAlive: true,
      isPaused: true,
      readyState: 1,
      sendPing: () => {},
      checkStalls: () => {},
      lost: false,
      timeOut: () => {},
    }
    socket.timeOut = () => {
      socket.lost = true
    }
    new Heartbeat(clock).add(socket, 25_000)
    await clock.advance(120_000)
    expect(socket.lost).toBe(false)
    socket.isPaused = false
    await clock.advance(60_000)
    expect(socket.lost).toBe(true)
  })
})

describe('a peer that does not read', () => {
  const KIB = 1024

  it('is closed with 1013 while the others hear everything, in order', async () => {
    const said = z.object({ number: z.number(), padding: z.string() })
    let room: Room<{ said: typeof said }> | undefined
    const definition = defineRoom({
      receives: {},
      sends: { said },
      open: (opened) => {
        room = opened
        return {}
      },
    })
    await start(definition, { limits: { buffered: '256KiB' }, history: { keep: 10, replay: 0 } })
    const [ann, bob, slow] = [await enter('ann'), await enter('bob'), await enter('slow')]
    slow.socket.pause()
    const padding = 'x'.repeat(16 * KIB)
    let published = 0
    while (room?.members().some(({ name }) => name === 'slow')) {
      // Well above what the network itself holds for a peer that does not read.
      expect(published).toBeLessThan(10_000)
      for (let more = 0; more < 16; more += 1) void room.publish('said', { number: ++published, padding })
      for (const peer of [ann, bob]) {
        for (let seq = published - 15; seq <= published; seq += 1) expect(await peer.next()).toMatchObject({ seq })
      }
    }
    slow.socket.resume()
    let seq = 0
    const heard = slow.closed.then(async () => {
      for (;;) {
        const frame = await slow.next().catch(() => undefined)
        if (!frame) return
        seq += 1
        expect(frame.seq).toBe(seq)
      }
    })
    expect(await slow.closed).toMatchObject({ code: 1013 })
    await heard
    expect(seq).toBeGreaterThan(0)
    expect(seq).toBeLessThan(published)
  })
})
