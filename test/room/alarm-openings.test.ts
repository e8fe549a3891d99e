/** Alarms of closed rooms: a server opens the room for them, over each log, whatever happened meanwhile. */
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Clock } from '../../src/clock.ts'
import { defineRoom } from '../../src/define.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { closeInTime } from '../support/close-in-time.ts'
import { PLACES } from '../support/redis-place.ts'
import { type Setup, startServer, type TestServer } from '../support/server.ts'

const START = Date.UTC(2026, 0, 1)

/** A clock turned by hand whose time of day may jump. */
function jumpingClock(startMs = START) {
  const hand = handClock(startMs)
  let jumped = 0
  const clock: Clock = { ...hand, now: () => hand.now() + jumped }
  return {
    clock,
    advance: hand.advance,
    settled: hand.settled,
    jump(ms: number) {
      jumped += ms
    },
    /** Passes the time until a time of day. */
    to: (ms: number) => hand.advance(Math.max(0, START + ms - clock.now())),
  }
}

/** Rooms that note what happens in them. */
function bells() {
  const notes: string[] = []
  const state = { opens: true }
  const definition = defineRoom({
    stores: { rung: z.int().default(0) },
    receives: { set: z.object({ name: z.string(), at: z.number() }) },
    sends: {},
    open(room) {
      if (!state.opens) throw new Error('planned: it does not open')
      notes.push(`open ${room.path}`)
      return {
        receive: { set: (_, { name, at }) => room.alarms.set(name, at) },
        alarm(name) {
          notes.push(`${name} ${room.path}`)
          room.storage.set('rung', room.storage.get('rung') + 1)
          if (name === 'fail') throw new Error('planned: an alarm')
        },
        close: () => void notes.push(`close ${room.path}`),
      }
    },
  })
  return { definition, notes, state, rung: () => notes.filter((note) => !/^(open|close) /.test(note)) }
}

describe.each(PLACES)('an alarm of a closed room, over the log in %s', (kind, inPlace) => {
  const place = inPlace()
  const running = new Map<TestServer, ReturnType<typeof jumpingClock>>()

  async function start(setup: Setup, time = jumpingClock()) {
    const server = await startServer({ ...setup, ...(await place.setup(time.clock)), clock: time.clock })
    running.set(server, time)
    return { server, ...time }
  }

  async function stop(server: TestServer) {
    const time = running.get(server)
    running.delete(server)
    if (time) await closeInTime(server, { ...handClock(), ...time.clock, advance: time.advance, settled: time.settled })
  }

  afterEach(async () => {
    for (const server of [...running.keys()]) await stop(server)
  })

  /** Sets an alarm in a room, which is closed then. */
  async function setIn(server: TestServer, path: string, name: string, at: number) {
    const body = JSON.stringify({ type: 'set', data: { name, at } })
    const headers = { 'Content-Type': 'application/json' }
    const { status } = await fetch(`${server.url}${path}`, { method: 'POST', headers, body })
    expect(status).toBe(204)
  }

  /** Lets time pass until the notes are these: a room opens in its own time, not in that of the clock. */
  async function until(time: { advance(ms: number): Promise<void> }, done: () => boolean, stepMs = 1) {
    await expect
      .poll(async () => {
        await time.advance(stepMs)
        return done()
      })
      .toBe(true)
  }

  it('opens the room, is called once, and the room closes', async () => {
    const { definition, notes } = bells()
    const { server, ...time } = await start({ rooms: { '/r/:name': { definition, idleAfter: 0 } } })
    await setIn(server, '/r/tea', 'a', START + 60_000)
    await until(time, () => notes.includes('close /r/tea'))
    notes.length = 0
    await time.to(59_999)
    expect(notes).toEqual([])
    await time.to(60_000)
    await until(time, () => notes.includes('close /r/tea'))
    expect(notes).toEqual(['open /r/tea', 'a /r/tea', 'close /r/tea'])
    await time.advance(600_000)
    expect(notes).toHaveLength(3)
  })

  it('whose time came while the server was down is called as soon as it is ready', async () => {
    if (kind === 'memory') return
    const { definition, notes, rung } = bells()
    const rooms = { '/r/:name': { definition } }
    const first = await start({ rooms })
    await setIn(first.server, '/r/tea', 'late', START + 60_000)
    await setIn(first.server, '/r/milk', 'later', START + 7_200_000)
    await stop(first.server)
    notes.length = 0
    const { server, ...time } = await start({ rooms }, jumpingClock(START + 3_600_000))
    await until(time, () => notes.includes('close /r/tea'))
    expect(rung()).toEqual(['late /r/tea'])
    await stop(server)
    notes.length = 0
    const again = await start({ rooms }, jumpingClock(START + 3_700_000))
    await again.to(7_200_000)
    await until(again, () => rung().length > 0)
    expect(rung()).toEqual(['later /r/milk'])
  })

  it('does not count against instances, and a room that somebody joins does', async () => {
    const { definition, notes, rung } = bells()
    const rooms = { '/r/:name': { definition, instances: 1, idleAfter: 0 } }
    const { server, ...time } = await start({ rooms })
    await setIn(server, '/r/tea', 'a', START + 60_000)
    await until(time, () => notes.includes('close /r/tea'))
    const ann = await server.connect('/r/milk')
    await ann.next('welcome')
    await time.to(60_000)
    await until(time, () => rung().length > 0)
    expect(rung()).toEqual(['a /r/tea'])
    await expect(server.connect('/r/tea')).rejects.toThrow('503')
  })

  it('at a path that the configuration lacks waits until it has it', async () => {
    const { definition, notes, rung } = bells()
    const other = bells().definition
    const { server, ...time } = await start({ rooms: { '/tea': { definition }, '/other': { definition: other } } })
    await setIn(server, '/tea', 'a', START + 60_000)
    const reloaded = server.reload({ rooms: { '/other': { definition: other } } })
    await time.advance(1)
    await reloaded
    await time.advance(600_000)
    expect(rung()).toEqual([])
    notes.length = 0
    await server.reload({ rooms: { '/tea': { definition }, '/other': { definition: other } } })
    await until(time, () => rung().length > 0)
    expect(rung()).toEqual(['a /tea'])
  })

  it('in a room that does not open waits, and is tried again', async () => {
    const { definition, notes, state, rung } = bells()
    const { server, ...time } = await start({ rooms: { '/tea': { definition, idleAfter: 0 } } })
    server.expectError(/open failed/)
    await setIn(server, '/tea', 'a', START + 60_000)
    await until(time, () => notes.includes('close /tea'))
    state.opens = false
    await time.to(60_000)
    await until(time, () => server.logs.filter(({ msg }) => /open failed/.test(msg)).length >= 2, 200)
    state.opens = true
    await time.advance(4000)
    await until(time, () => rung().length > 0)
    await time.advance(600_000)
    expect(rung()).toEqual(['a /tea'])
  })

  it('that throws is tried again, also while the room is closed between', async () => {
    const { definition, rung } = bells()
    const { server, ...time } = await start({ rooms: { '/tea': { definition, idleAfter: 0 } } })
    server.expectError(/alarm handler failed/)
    await setIn(server, '/tea', 'fail', START + 1000)
    await time.to(1000)
    await until(time, () => rung().length === 1)
    const tried = async (ms: number, count: number) => {
      await time.advance(ms)
      await until(time, () => rung().length === count)
    }
    await tried(999, 2)
    await time.advance(1900)
    expect(rung()).toHaveLength(2)
    await tried(100, 3)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toContain('corridor_alarm_failures_total{room="/tea"} 3')
    expect(metrics).toContain('corridor_alarm_delay_seconds_count 1')
  })

  it('is neither lost nor doubled by a clock that jumps forth and back', async () => {
    const { definition, rung } = bells()
    const { server, ...time } = await start({ rooms: { '/r/:name': { definition, idleAfter: 0 } } })
    await setIn(server, '/r/tea', 'a', START + 3_600_000)
    await setIn(server, '/r/milk', 'b', START + 7_200_000)
    await time.advance(1000)
    time.jump(4_000_000)
    await time.advance(9000)
    await until(time, () => rung().length > 0)
    expect(rung()).toEqual(['a /r/tea'])
    time.jump(-4_000_000)
    await time.advance(60_000)
    expect(rung()).toEqual(['a /r/tea'])
    // Set behind the place to which the time had jumped.
    await setIn(server, '/r/tea', 'c', START + 1_800_000)
    await time.to(1_800_000)
    await until(time, () => rung().length > 1)
    expect(rung()).toEqual(['a /r/tea', 'c /r/tea'])
    await time.to(7_200_000)
    await until(time, () => rung().length > 2)
    expect(rung()).toEqual(['a /r/tea', 'c /r/tea', 'b /r/milk'])
  })

  it('together with a thousand others does not hold up messages', async () => {
    const { definition, rung } = bells()
    const line = { definition, idleAfter: 0, limits: { rate: { perSecond: 10_000, burst: 10_000 } } }
    const limits = { handshakes: { perSecond: 10_000, burst: 10_000 } }
    const { server, ...time } = await start({ rooms: { '/r/:name': line, '/talk': line }, server: { limits } })
    const names = Array.from({ length: 1000 }, (_, n) => `/r/${n}`)
    for (let n = 0; n < 1000; n += 50)
      await Promise.all(names.slice(n, n + 50).map((path) => setIn(server, path, 'a', START + 60_000)))
    const ann = await server.connect('/talk')
    await ann.next('welcome')
    let atAck = -1
    const acked = ann.next('ack').then(() => {
      atAck = rung().length
    })
    // The message is not answered too late in a time that passes faster than its commit.
    await time.to(59_999)
    const due = time.to(60_000)
    ann.send('set', { name: 'never', at: START + 1e10 }, '1')
    await Promise.all([due, acked])
    await until(time, () => rung().length === 1000)
    expect(atAck).toBeLessThan(1000)
    await time.advance(60_000)
    expect(new Set(rung()).size).toBe(1000)
    expect(rung()).toHaveLength(1000)
  })
})
