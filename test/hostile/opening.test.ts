/**
 * What may happen while a room opens: peers that vanish, an `open` that throws or hangs, a reload while peers
 * wait. The server lives, nothing is counted that is not there, and the next peer is served.
 */
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { defineRoom } from '../../src/define.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { refused } from '../support/client.ts'
import { passUntil } from '../support/close-in-time.ts'
import { handshake, RawClient, request } from '../support/raw.ts'
import { amount } from '../support/scale.ts'
import { type Line, startServer, type TestServer } from '../support/server.ts'

let server: TestServer

afterEach(() => server.close())

/** A room whose `open` ends when the test lets it. */
function gated() {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const left: string[] = []
  const definition = defineRoom({
    open: async (room) => {
      begun.resolve()
      await promise
      return {
        join: (peer) => peer.send(`members ${room.size}`),
        leave: (peer) => void left.push(peer.id),
        message: (peer, data) => peer.send(data),
      }
    },
  })
  return { definition, begun: begun.promise, open: resolve, fail: reject, left }
}

async function until(isTrue: () => boolean | Promise<boolean>) {
  while (!(await isTrue())) await setImmediate()
}

/** Begins a reload; resolves when the new rooms are in force, though some of the old may still close. */
async function reload(rooms: Record<string, Line>): Promise<{ done: Promise<string[]> }> {
  const before = server.server.config
  const done = server.reload({ rooms })
  await until(() => server.server.config !== before)
  return { done }
}

async function members(): Promise<number> {
  const answer = await fetch(`${server.url}/`, { headers: { Accept: 'application/json' } })
  const { rooms } = (await answer.json()) as { rooms: { members: number }[] }
  return rooms.reduce((sum, room) => sum + room.members, 0)
}

describe('connections that are reset at random moments of the handshake', () => {
  it('on good, unknown and refused paths leave nothing behind, and honest clients are served', async () => {
    const slow = defineRoom({
      open: async () => {
        await new Promise((resolve) => setTimeout(resolve, 200))
        return { message: (peer, data) => peer.send(data) }
      },
    })
    const open = { peers: 50_000, handshakes: { perSecond: 1e6, burst: 1e6 } }
    const rooms = (perAddress: number) => ({
      '/slow': { definition: slow, limits: { perAddress } },
      '/refused': { definition: slow, origins: ['https://elsewhere.example'] },
    })
    server = await startServer({ rooms: rooms(10_000), server: { limits: open } })
    const errors: unknown[] = []
    const note = (error: unknown) => errors.push(error)
    process.on('uncaughtException', note).on('unhandledRejection', note)

    const paths = ['/slow', '/slow', '/nowhere', '/refused']
    const storm = Array.from({ length: amount(300, 1500) }, async (_, index) => {
      const client = new RawClient(server.port)
      const headers = [...handshake(), ['Origin', `http://127.0.0.1`] as const].filter(
        ([name]) => name !== 'Origin' || index % 4 === 3,
      )
      client.socket.write(request(`GET ${paths[index % 4]}`, headers))
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 250))
      client.reset()
      await client.ended
    })
    const honest = Array.from({ length: 20 }, async (_, index) => {
      const peer = await server.connect('/slow')
      peer.sendText(`honest ${index}`)
      expect(await peer.nextText()).toBe(`honest ${index}`)
      await peer.close()
    })
    await Promise.all([...storm, ...honest])
    process.off('uncaughtException', note).off('unhandledRejection', note)
    expect(errors).toEqual([])
    await until(async () => (await members()) === 0)

    // Were one peer still counted, nobody could come in now.
    await server.reload({ rooms: rooms(1), server: { limits: { ...open, peers: 1 } } })
    const last = await server.connect('/slow')
    last.sendText('still there')
    expect(await last.nextText()).toBe('still there')
  })
})

describe('while a room opens', () => {
  it('a peer that goes away never joins, and one that waits does', async () => {
    const room = gated()
    server = await startServer({ rooms: { '/room': { definition: room.definition } } })
    const gone = new RawClient(server.port)
    await gone.write(request('GET /room', handshake()))
    await room.begun
    gone.reset()
    const waiting = server.connect('/room')
    await gone.ended
    room.open()
    expect(await (await waiting).nextText()).toMatch(/^members [12]$/)
    await until(async () => (await members()) === 1)
  })

  it('waiting peers keep their places', async () => {
    const room = gated()
    server = await startServer({ rooms: { '/room': { definition: room.definition, limits: { peers: 1 } } } })
    const first = server.connect('/room')
    await room.begun
    expect(await refused(`${server.ws}/room`)).toMatchObject({ status: 503, body: { error: 'room_full' } })
    room.open()
    expect(await (await first).nextText()).toBe('members 1')
  })

  it('an `open` that throws refuses with 503, and is tried again', async () => {
    let attempts = 0
    const flaky = defineRoom({
      open: (room) => {
        attempts += 1
        room.every(1, () => {
          throw new Error('a timer of a room that never opened')
        })
        if (attempts < 3) throw new Error(`not yet: ${attempts}`)
        return { join: (peer) => peer.send('open') }
      },
    })
    server = await startServer({ rooms: { '/flaky': { definition: flaky }, '/echo': {} } })
    server.expectError(/open failed/)
    server.expectError(/every handler failed/)
    for (const _ of [1, 2]) {
      const no = await refused(`${server.ws}/flaky`)
      expect(no).toMatchObject({ status: 503, body: { error: 'room_failed' } })
      expect(JSON.stringify(no.body)).not.toContain('not yet')
      expect(Number(no.headers['retry-after'])).toBeGreaterThan(0)
    }
    expect(server.logs.filter(({ msg }) => msg.includes('every handler'))).toEqual([])
    expect(await (await server.connect('/flaky')).nextText()).toBe('open')
    expect(attempts).toBe(3)
  })

  it('all waiting peers are refused when it fails, and the next one opens it', async () => {
    const room = gated()
    server = await startServer({ rooms: { '/room': { definition: room.definition } } })
    server.expectError(/open failed/)
    const waiting = [1, 2, 3].map(() => refused(`${server.ws}/room`))
    await room.begun
    room.fail(new Error('no'))
    for (const answer of await Promise.all(waiting)) expect(answer.status).toBe(503)
  })
})

describe('a reload while peers wait', () => {
  it('for a room to open: removed, it admits nobody, and its path is no room any more', async () => {
    const room = gated()
    server = await startServer({ rooms: { '/room': { definition: room.definition }, '/echo': {} } })
    const waiting = refused(`${server.ws}/room`)
    await room.begun
    const { done } = await reload({ '/echo': {} })
    expect(await refused(`${server.ws}/room`)).toMatchObject({ status: 404 })
    room.open()
    expect(await waiting).toMatchObject({ status: 503 })
    expect(await done).toEqual(['/room is removed'])
  })

  it('for a room to close: removed, it does not open again', async () => {
    const closing = Promise.withResolvers<void>()
    let opened = 0
    const definition = defineRoom({
      open: () => {
        opened += 1
        return { close: () => closing.promise }
      },
    })
    server = await startServer({ rooms: { '/r/:name': { definition } } })
    const peer = await server.connect('/r/tea')
    const restarted = await reload({ '/r/:name': { definition, title: 'Another' } })
    expect((await peer.closed).code).toBe(1012)
    // This one is admitted by the second mount and waits for the room of the first to close.
    const waiting = new RawClient(server.port)
    await waiting.write(request('GET /r/tea', handshake()))
    await fetch(`${server.url}/healthz`)
    const removed = await reload({ '/echo': {} })
    closing.resolve()
    expect(await waiting.answer()).toMatchObject({ status: 503, error: 'room_closed' })
    await Promise.all([restarted.done, removed.done])
    expect(opened).toBe(1)
    expect(await refused(`${server.ws}/r/tea`)).toMatchObject({ status: 404 })
  })

  it('for a room to open: changed, they come in to the new one', async () => {
    const [before, after] = [gated(), gated()]
    server = await startServer({ rooms: { '/room': { definition: before.definition } } })
    const waiting = refused(`${server.ws}/room`)
    await before.begun
    const { done } = await reload({ '/room': { definition: after.definition } })
    const next = server.connect('/room')
    before.open()
    after.open()
    expect(await waiting).toMatchObject({ status: 503 })
    expect(await (await next).nextText()).toBe('members 1')
    await done
    expect(before.left).toEqual([])
  })
})

describe('the end of the server', () => {
  it('does not wait indefinitely for a room that opens, a handler that hangs, or a peer that ignores its close', async () => {
    const clock = handClock()
    const hanging = defineRoom({
      open: () => ({ message: () => new Promise(() => {}), close: () => new Promise(() => {}) }),
    })
    const room = gated()
    server = await startServer({
      rooms: { '/opening': { definition: room.definition }, '/hanging': { definition: hanging } },
      env: { DRAIN_MS: '1000' },
      clock,
    })
    const waiting = new RawClient(server.port)
    await waiting.write(request('GET /opening', handshake()))
    await room.begun
    const deaf = new RawClient(server.port)
    await deaf.write(request('GET /hanging', handshake()))
    await deaf.answer()
    deaf.socket.pause()
    const busy = await server.connect('/hanging')
    busy.sendText('hang')

    await passUntil(clock, server.server.close())
    await waiting.ended
    deaf.reset()
  })
})
