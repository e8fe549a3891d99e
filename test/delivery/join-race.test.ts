/**
 * Joining while everybody publishes: whenever a peer joins or resumes, it gets the welcome, then every event
 * from the right place on, each once, in order. Ten thousand peers in this process, a thousand over real sockets.
 */
import { setImmediate } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'
import { defineRoom, type EventDefinition, type Room } from '../../src/define.ts'
import { offset } from '../../src/log/log.ts'
import { LiveEventRoom } from '../../src/room/event-room.ts'
import type { Session } from '../../src/room/session.ts'
import { Hearing, HearingWire, REPLAY } from '../support/hearing.ts'
import { roomParts, roomSettings } from '../support/live-room.ts'
import { type Dice, seeded } from '../support/random.ts'
import { startServer } from '../support/server.ts'

const KEEP = 1500

interface Joined {
  readonly session: Session
  readonly wire: HearingWire
  /** Leaves when it has heard up to here. */
  readonly until: number
}

const talk = defineRoom({ receives: {}, sends: { said: z.number() }, open: () => ({}) })

/** A separate room, without a server, and the errors it logs. */
async function openTalk(keep: number): Promise<{ room: LiveEventRoom; errors: unknown[] }> {
  const { parts, errors } = roomParts(systemClock())
  const settings = roomSettings({ history: { keep, replay: REPLAY } })
  const room = new LiveEventRoom(parts, '/talk', {}, settings, talk as unknown as EventDefinition)
  await room.start(() => {})
  return { room, errors }
}

describe('joining during full publishing', () => {
  it('in 10,000 newcomers and returners at random moments finds no gap and no duplicate', async () => {
    const random = seeded(8)
    const { room, errors } = await openTalk(KEEP)

    const all: Joined[] = []
    let present: Joined[] = []
    let mostPresent = 0
    const begin = performance.now()
    while (all.length < 10_000 || present.length > 0) {
      for (let more = 1 + random.below(12); more > 0; more -= 1) {
        if (all.length < 10_000 && random.oneIn(2)) all.push(join(room, random, present))
        void room.publish('said', more)
      }
      mostPresent = Math.max(mostPresent, present.length)
      present = present.filter(({ session, wire, until }) => {
        const isDone = (wire.hearing.next ?? 0) > until
        if (isDone) session.gone(false)
        return !isDone
      })
      await setImmediate()
    }

    const hearings = all.map(({ wire }) => wire.hearing)
    expect(errors).toEqual([])
    expect(hearings.filter(({ welcome }) => !welcome)).toEqual([])
    expect(hearings.filter(({ fault }) => fault).map(({ fault }) => fault)).toEqual([])
    const count = (is: (hearing: Hearing) => unknown) => hearings.filter(is).length
    const resumed = count(({ welcome }) => welcome?.resumed === true)
    const lost = count(({ welcome }) => welcome?.resumed === false)
    // Every case occurred.
    expect(resumed).toBeGreaterThan(1000)
    expect(lost).toBeGreaterThan(100)
    const reasons = new Set(hearings.map(({ welcome }) => welcome?.reason))
    expect(reasons).toEqual(new Set([undefined, 'trimmed', 'ahead', 'epoch']))
    console.info(
      `join race: ${all.length} joins (${resumed} resumed, ${lost} could not), ${room.roomLog.seq} events ` +
        `published, ${hearings.reduce((sum, { events }) => sum + events, 0)} heard, at most ${mostPresent} peers at once, ` +
        `${count(({ resets }) => resets > 0)} reset by a trim on the way, gaps and duplicates: 0, ` +
        `${Math.round(performance.now() - begin)} ms`,
    )
  })

  it('resets a reader so slow that retention trims between two of its pages, and goes on from there', async () => {
    const { room } = await openTalk(600)
    await Promise.all(Array.from({ length: 600 }, (_, number) => room.publish('said', number)))
    const wire = new HearingWire(new Hearing(0), 4)
    room.join({ id: 'slow', name: 'slow' }, wire, offset(room.roomLog.epoch, 0))
    for (let number = 0; number < 1000; number += 1) void room.publish('said', number)
    while (wire.hearing.next !== 1601) await setImmediate()
    expect(wire.hearing).toMatchObject({ welcome: { resumed: true }, events: 500 + 600, resets: 1, fault: undefined })
  })

  function join(room: LiveEventRoom, random: Dice, present: Joined[]): Joined {
    const { seq, first, epoch } = room.roomLog
    const token = random.oneIn(2) ? tokenOf(random, epoch, first, seq) : undefined
    const wire = new HearingWire(new Hearing(token?.seq), random.oneIn(4) ? random.below(20) : 0)
    const visitor = { id: `p${room.size}-${seq}-${random.next()}`, name: 'p' }
    const session = room.join(visitor, wire, token && offset(token.epoch, token.seq))
    const joined = { session, wire, until: seq + random.below(200) }
    present.push(joined)
    return joined
  }

  /** Mostly a place that is kept; now and then one that is not any more, not yet, or of another log. */
  function tokenOf(random: Dice, epoch: string, first: number, seq: number): { epoch: string; seq: number } {
    const dice = random.below(20)
    if (dice === 0) return { epoch, seq: seq + 1 + random.below(5) }
    if (dice === 1) return { epoch: 'f'.repeat(32), seq }
    if (dice === 2) return { epoch, seq: random.below(Math.max(1, first - 1)) }
    if (dice < 8) return { epoch, seq: Math.max(first - 1, seq - random.below(20)) }
    return { epoch, seq: first - 1 + random.below(seq - first + 2) }
  }
})

describe('joining over real sockets', () => {
  let room: Room<{ said: z.ZodNumber }> | undefined
  const definition = defineRoom({
    receives: {},
    sends: { said: z.number() },
    open: (opened) => {
      room = opened
      return {}
    },
  })
  const started = startServer({
    rooms: { '/talk': { definition, history: { keep: KEEP, replay: REPLAY }, limits: { perAddress: 10_000 } } },
    server: { limits: { handshakes: { perSecond: 1e6, burst: 1e6 } } },
  })
  afterAll(async () => (await started).close())

  it('in 1,000 peers, half of whom come back with their offset, finds no gap and no duplicate', async () => {
    const server = await started
    const random = seeded(9)
    const begin = performance.now()
    const keeper = await server.connect('/talk')
    const { epoch } = (await keeper.next<{ epoch: string }>('welcome')).data
    let isOver = false
    const speaking = (async () => {
      while (!isOver) {
        for (let more = 1 + random.below(8); more > 0; more -= 1) void room?.publish('said', more)
        await setImmediate()
      }
    })()

    /** Joins, hears at least `events`, and goes. → where it stood */
    const visit = async (events: number, from?: number): Promise<number> => {
      const hearing = new Hearing(from)
      const client = await server.connect('/talk', from === undefined ? {} : { offset: offset(epoch, from) })
      while (hearing.events < events) {
        const frame = await client.next<{ first: number; seq: number }>()
        if (frame.seq === undefined) hearing.say(frame)
        else hearing.event(frame.seq)
      }
      client.terminate()
      expect(hearing.fault).toBeUndefined()
      expect(hearing.welcome).toBeDefined()
      return (hearing.next ?? 0) - 1
    }
    let heard = 0
    const queue = Array.from({ length: 500 }, () => ({ before: 1 + random.below(120), after: 1 + random.below(120) }))
    const walker = async () => {
      for (let next = queue.pop(); next; next = queue.pop()) {
        await visit(next.after, await visit(next.before))
        heard += next.before + next.after
      }
    }
    await Promise.all(Array.from({ length: 40 }, walker))
    isOver = true
    await speaking
    keeper.terminate()
    console.info(
      `join race over sockets: 1000 joins (500 with an offset), ${heard} events heard, gaps and duplicates: 0, ` +
        `${Math.round(performance.now() - begin)} ms`,
    )
  })
})
