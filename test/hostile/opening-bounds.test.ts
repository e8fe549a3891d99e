/** What a module's own code may take before a room is there: an `open` or `admit` that never ends holds nobody up for good. */
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../src/define.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { refused } from '../support/client.ts'
import { type Line, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let clock: HandClock

async function start(definition: unknown, line: Line = {}): Promise<void> {
  clock = handClock(Date.now())
  server = await startServer({ clock, rooms: { '/room': { definition, ...line } } })
}

afterEach(() => server.close())

describe('an `open` that never ends', () => {
  const hanging = () => {
    const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const first = Promise.withResolvers<void>()
    const late: string[] = []
    let opened = 0
    const definition = defineRoom({
      receives: {},
      sends: { said: z.string() },
      async open(room) {
        opened += 1
        begun[opened - 1]?.resolve()
        if (opened === 1) {
          await first.promise
          room.every(1, () => late.push('a timer'))
          await room.publish('said', 'too late').catch((error: RoomError) => late.push(error.code))
        }
        return {}
      },
    })
    return { definition, begun, late, end: first.resolve, opened: () => opened }
  }

  it('is given up after 10 s, which is logged, and the next client opens the room anew', async () => {
    const { definition, begun, late, end, opened } = hanging()
    await start(definition)
    server.expectError(/open failed/)
    const waiting = refused(`${server.ws}/room`)
    await begun[0]?.promise
    await clock.advance(9_900)
    const alsoWaiting = fetch(`${server.url}/room?offset=-1`)
    await clock.advance(200)
    expect(await waiting).toMatchObject({ status: 503, body: { error: 'room_failed' } })
    // It came to the room that is given up, or opened the next.
    expect([200, 503]).toContain((await alsoWaiting).status)
    expect(server.logs.filter(({ msg }) => /open failed/.test(msg))).toMatchObject([
      { room: '/room', err: { message: expect.stringContaining('10 s') } },
    ])
    const ann = await server.connect('/room')
    expect(await ann.next('welcome')).toMatchObject({ data: { seq: 0 } })
    expect(opened()).toBe(2)
    // What the first one still does touches nobody.
    end()
    await expect.poll(() => late).toEqual(['unavailable'])
    await clock.advance(1000)
    expect(late).toEqual(['unavailable'])
    expect(await (await fetch(`${server.url}/room?offset=-1`)).json()).toEqual([])
  })

  it('does not hold up a reload of the module that mends it', async () => {
    const { definition, begun } = hanging()
    await start(definition)
    server.expectError(/open failed/)
    const waiting = refused(`${server.ws}/room`)
    await begun[0]?.promise
    const mended = defineRoom({ open: () => ({ join: (peer) => peer.send('mended') }) })
    const reloaded = server.reload({ rooms: { '/room': { definition: mended } } })
    const before = server.server.config
    await expect.poll(() => server.server.config === before).toBe(false)
    await clock.advance(10_000)
    expect((await waiting).status).toBe(503)
    await reloaded
    expect(await (await server.connect('/room')).nextText()).toBe('mended')
  })
})

describe('an `admit`', () => {
  it('that never ends is answered with 503 after 10 s, which is logged, and the next is asked anew', async () => {
    const begun = Promise.withResolvers<void>()
    let asked = 0
    const definition = defineRoom({
      admit() {
        asked += 1
        begun.resolve()
        return asked === 1 ? new Promise(() => {}) : true
      },
      open: () => ({ join: (peer) => peer.send('in') }),
    })
    await start(definition)
    server.expectError(/admit did not end/)
    const waiting = refused(`${server.ws}/room`)
    await begun.promise
    await clock.advance(10_000)
    expect(await waiting).toMatchObject({ status: 503, body: { error: 'unavailable' } })
    expect(server.logs.filter(({ msg }) => /admit did not end within 10 s/.test(msg))).toMatchObject([
      { room: '/room' },
    ])
    expect(await (await server.connect('/room')).nextText()).toBe('in')
  })

  it('may give a promise of another make', async () => {
    const of = (settle: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void) => ({
      // biome-ignore lint/suspicious/noThenProperty: that is the point
      then: settle,
    })
    const ANSWERS: Record<string, () => unknown> = {
      yes: () => of((resolve) => resolve(true)),
      no: () => of((resolve) => resolve(false)),
      never: () => of((_, reject) => reject(new RoomError('never', 'you not'))),
    }
    await start(defineRoom({ admit: (_, { query }) => ANSWERS[query.get('say') ?? '']?.(), open: () => ({}) }))
    expect(await refused(`${server.ws}/room?say=no`)).toMatchObject({ status: 403, body: { error: 'forbidden' } })
    expect(await refused(`${server.ws}/room?say=never`)).toMatchObject({ status: 403, body: { error: 'never' } })
    await (await server.connect('/room?say=yes')).close()
  })
})
