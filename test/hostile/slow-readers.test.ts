/**
 * Who does not take what is sent: whatever it is that waits (the past, events, answers to it alone), no more waits for a
 * peer than `limits.buffered`, nor for all than `server.limits.buffered`.
 */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, type EventDefinition } from '../../src/define.ts'
import { FlushQueue } from '../../src/delivery/flush-queue.ts'
import { offset } from '../../src/log/log.ts'
import { LiveEventRoom } from '../../src/room/event-room.ts'
import { newTally, type Tally } from '../../src/tally.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { roomParts, roomSettings } from '../support/live-room.ts'
import { StuckWire } from '../support/stuck-wire.ts'

const KIB = 1024
const LIMIT = 256 * KIB
const EVENTS = 2000
const BYTES = 4 * KIB

const talk = defineRoom({
  receives: { ask: z.string() },
  sends: { said: z.string() },
  open: () => ({ receive: { ask() {} } }),
})

interface Stage {
  readonly room: LiveEventRoom
  readonly tally: Tally
  readonly clock: HandClock
  /** A peer that never takes anything, and comes with the offset of the first event. */
  stuck(): StuckWire
}

/** A room with a past of 8 MiB; all peers together may have `totalBytes` waiting. */
async function stage(totalBytes = Number.POSITIVE_INFINITY): Promise<Stage> {
  const { clock, parts } = roomParts(handClock())
  const tally = newTally()
  const own = { ...parts, flushQueue: new FlushQueue(clock, () => totalBytes), tallyOf: () => tally }
  const settings = roomSettings({
    history: { keep: 10_000, replay: 50 },
    rejoinWithinMs: 0,
    limits: { rate: { perSecond: 1e6, burst: 1e6 }, bufferedBytes: LIMIT },
  })
  const room = new LiveEventRoom(own, '/talk', {}, settings, talk as unknown as EventDefinition)
  await room.start(() => {})
  for (let count = 0; count < EVENTS; count += 1) await room.publish('said', 'x'.repeat(BYTES))
  let count = 0
  const stuck = () => {
    const wire = new StuckWire()
    count += 1
    const session = room.join({ id: `${count}`, name: 'stuck' }, wire, offset(room.roomLog.epoch, 1))
    wire.onClose = () => session.gone(false)
    return wire
  }
  return { room, tally, clock, stuck }
}

/** A peer that is up to date, and takes nothing from now on. */
function stuckNow(room: LiveEventRoom): StuckWire {
  const wire = new StuckWire()
  const session = room.join({ id: `now-${room.size}`, name: 'now' }, wire, offset(room.roomLog.epoch, room.roomLog.seq))
  wire.onClose = () => session.gone(false)
  return wire
}

/** Lets everything that is due be written. */
async function written(): Promise<void> {
  for (let turns = 0; turns < 200; turns += 1) await setImmediate()
}

describe('a peer that never reads', () => {
  it('and resumes from long ago holds a page of it, and is given up after limits.sendTimeout', async () => {
    const { room, tally, clock, stuck } = await stage()
    const wires = Array.from({ length: 20 }, stuck)
    await written()
    for (const { waiting } of wires) {
      expect(waiting).toBeGreaterThan(BYTES)
      expect(waiting).toBeLessThanOrEqual(LIMIT)
    }
    await clock.advance(30_000)
    expect(room.size).toBe(20)
    await clock.advance(60_000)
    expect(new Set(wires.map(({ closed }) => closed))).toEqual(new Set([1013]))
    expect([room.size, tally.slow, tally.exceeded['limits.sendTimeout']]).toEqual([0, 20, 20])
  })

  it.each([
    ['frames of its own', (room: LiveEventRoom): void => [...room.present.peers()][0]?.send('said', 'x'.repeat(BYTES))],
    ['refusals', (room: LiveEventRoom) => room.receive([...room.present.peers()][0] as never, '{"type":')],
    ['events', (room: LiveEventRoom) => void room.publish('said', 'x'.repeat(BYTES))],
    ['broadcasts', (room: LiveEventRoom) => room.broadcast('said', 'x'.repeat(BYTES))],
  ] as [string, (room: LiveEventRoom) => unknown][])(
    'while it catches up or after it is cut at limits.buffered, whatever comes: %s',
    async (_, more) => {
      const { room, tally, stuck } = await stage()
      for (const isBehind of [true, false]) {
        const wire = isBehind ? stuck() : stuckNow(room)
        await written()
        let most = 0
        for (let times = 0; times < 5000 && wire.closed === undefined; times += 1) {
          more(room)
          await setImmediate()
          most = Math.max(most, wire.waiting)
        }
        // What is published is in the log for who still catches up: nothing of it waits.
        if (isBehind && (_ === 'events' || _ === 'broadcasts')) expect(wire.closed).toBe(undefined)
        else expect(wire.closed).toBe(1013)
        expect(most).toBeLessThanOrEqual(LIMIT)
        for (const peer of [...room.present.peers()]) room.leave(peer)
      }
      expect(tally.exceeded['limits.buffered']).toBeGreaterThan(0)
    },
  )

  it('may get one event beyond the bound when it has taken everything, and hears no more after a refused one', async () => {
    const { room } = await stage()
    const wire = stuckNow(room)
    wire.take()
    await room.publish('said', 'x'.repeat(2 * LIMIT))
    await written()
    expect([wire.closed, wire.waiting > 2 * LIMIT]).toEqual([undefined, true])
    await room.publish('said', 'refused')
    await written()
    wire.take()
    await room.publish('said', 'after')
    await written()
    expect(wire.closed).toBe(1013)
    expect(wire.sent).not.toMatch(/refused|after/)
  })
})

it('many peers that never read hold server.limits.buffered together, within a turn of the loop', async () => {
  const total = 16 * 64 * KIB
  const { room, tally, clock, stuck } = await stage(total)
  const wires = Array.from({ length: 40 }, stuck)
  const live = () => wires.filter(({ closed }) => closed === undefined)
  await written()
  expect(live().reduce((sum, { waiting }) => sum + waiting, 0)).toBeLessThanOrEqual(total)
  expect(live().length).toBeGreaterThan(5)
  expect(tally.exceeded['server.limits.buffered']).toBe(40 - live().length)
  // Those that were closed still hold what they do not take; they are let go.
  await clock.advance(3000)
  expect(wires.filter(({ closed, isDropped }) => closed !== undefined && !isDropped)).toEqual([])
  expect(room.size).toBe(live().length)
})
