/**
 * The lives of a room that loses its log: one ends before the next begins, whenever it happens, and alarms go on in the
 * next one.
 */
import { describe, expect, it } from 'vitest'
import type { EventDefinition } from '../../src/define.ts'
import { LiveEventRoom } from '../../src/room/event-room.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { passUntil } from '../support/close-in-time.ts'
import { roomParts, roomSettings } from '../support/live-room.ts'
import { LOSING } from '../support/losing-log.ts'
import { lostRooms } from '../support/lost-rooms.ts'
import { LostStage } from '../support/lost-stage.ts'
import { operatorOf } from '../support/operator.ts'
import { wrappedLog } from '../support/wrapped-log.ts'

describe.each(LOSING)('a room that loses its log %s', (name, open) => {
  const fixture = lostRooms()
  const { act, look } = operatorOf(() => fixture.server)
  const start = async (line = {}) => {
    const stage = new LostStage()
    await fixture.start(open, { '/room': { definition: stage.definition, ...line } })
    return { stage, losing: fixture.losing, clock: fixture.losing.clock }
  }
  const enter = async (query = {}) => {
    const peer = await fixture.server.connect('/room', { name: 'ann', client: 'ann', ...query })
    const { epoch, seq } = (await peer.next<{ epoch: string; seq: number }>('welcome')).data
    return { peer, offset: `${epoch}_${String(seq).padStart(16, '0')}` }
  }

  it('is closed once, keeps nothing any more, and opens anew when somebody comes', async () => {
    const { stage, losing, clock } = await start()
    const { peer, offset } = await enter()
    stage.onClose = (publish) => publish()
    losing.lose('/room')
    losing.lose('/room')
    expect(await peer.closed).toMatchObject({ code: 1012 })
    await expect.poll(() => losing.calls).toMatchObject({ open: 1, close: 1 })
    // Nobody needs it.
    await clock.advance(5000)
    expect(stage.calls).toEqual(['open', 'join ann false', 'close'])
    expect(stage.refused).toEqual(['unavailable'])
    expect(await look('/room')).toMatchObject({ state: 'closed', members: 0 })
    await enter({ offset })
    expect(stage.calls.slice(3)).toEqual(['open', 'join ann true'])
  })

  it('opens anew only when its close has ended, which has 2 s', async () => {
    const { stage, losing, clock } = await start()
    fixture.server.expectError(/given up/)
    await enter()
    stage.onClose = () => new Promise(() => {})
    losing.lose('/room')
    const again = enter()
    await expect.poll(() => stage.calls).toContain('close')
    // Its timers have ended.
    await clock.advance(1900)
    expect(stage.count('every')).toBe(0)
    expect(losing.calls).toMatchObject({ open: 1, close: 0 })
    await passUntil(clock, again)
    expect(losing.calls).toMatchObject({ open: 2, close: 1 })
    expect(stage.count('close')).toBe(1)
  })

  it('calls neither leave nor drop, of nobody: who is in it, has just left, or was to be closed', async () => {
    const { stage, losing } = await start()
    const { peer: ann } = await enter()
    const ben = await fixture.server.connect('/room', { name: 'ben' })
    ben.send('wait', 'w')
    await expect.poll(() => stage.calls).toContain('w')
    await ben.close()
    await expect.poll(async () => (await look('/room')).members).toBe(1)
    losing.hold()
    ann.send('kick', null)
    await expect.poll(() => stage.calls).toContain('kick')
    losing.lose('/room')
    // It was not kept that she was to go.
    expect(await ann.closed).toMatchObject({ code: 1012 })
    stage.gate.resolve()
    await expect.poll(() => stage.refused).toEqual(['unavailable'])
    await expect.poll(() => losing.calls.close).toBe(1)
    expect(stage.calls.filter((call) => /leave|drop/.test(call))).toEqual([])
  })

  it.each(['its log opens', 'its code opens'])('while %s, does not open; the next who comes opens it', async (when) => {
    const { stage, losing } = await start()
    const gate = Promise.withResolvers<void>()
    if (when === 'its log opens') losing.opening = gate.promise
    else stage.opening = gate.promise
    const tried = enter().catch((error: Error) => error.message)
    await expect.poll(() => (when === 'its log opens' ? losing.calls.open : stage.calls.length)).toBe(1)
    losing.lose('/room')
    expect(await tried).toMatch('503')
    losing.opening = stage.opening = undefined
    await enter()
    gate.resolve()
    await expect.poll(() => losing.calls).toMatchObject({ open: 2, close: 1 })
    expect(stage.count('close')).toBe(0)
    expect(stage.calls.at(-1)).toBe('join ann false')
  })

  it('while it closes, is closed once, and the restart goes on', async () => {
    const { stage, losing, clock } = await start()
    const { peer } = await enter()
    peer.send('wait', 'w', '1')
    await expect.poll(() => stage.calls).toContain('w')
    losing.hold()
    const restarted = act('restart', { room: '/room' })
    await clock.settled()
    losing.lose('/room')
    expect(await peer.next('error')).toMatchObject({ id: '1', data: { code: 'unavailable' } })
    expect(await peer.closed).toMatchObject({ code: 1012 })
    stage.gate.resolve()
    expect((await passUntil(clock, restarted))[0]).toBe(200)
    losing.drop()
    await enter()
    expect(stage.count('close')).toBe(1)
    expect(losing.calls).toMatchObject({ open: 2, close: 1 })
  })

  it('gives its place among the instances back', async () => {
    const stage = new LostStage()
    await fixture.start(open, { '/r/:name': { definition: stage.definition, instances: 1 } })
    await fixture.server.connect('/r/one')
    fixture.losing.lose('/r/one')
    const two = await fixture.server.connect('/r/two')
    expect(await two.next('welcome')).toMatchObject({ type: 'welcome' })
  })

  it('is awaited by a server that stops', async () => {
    const { stage, losing, clock } = await start()
    await enter()
    stage.onClose = () => stage.gate.promise
    losing.lose('/room')
    await expect.poll(() => stage.calls).toContain('close')
    const stopped = fixture.server.close()
    stopped.catch(() => {})
    for (let turns = 0; turns < 20; turns += 1) await clock.advance(10)
    expect(losing.closedAfter).toBeUndefined()
    stage.gate.resolve()
    await passUntil(clock, stopped)
    expect(losing.closedAfter).toBe(1)
    await fixture.start(open, {})
  })

  describe('and has alarms', () => {
    it('runs one that is due later in its next life, though nobody comes', async () => {
      const { stage, losing, clock } = await start()
      const { peer } = await enter()
      peer.send('bell', 60_000, '1')
      await peer.next('ack')
      losing.lose('/room')
      await peer.closed
      await expect.poll(() => losing.calls.close).toBe(1)
      await clock.advance(59_000)
      expect(losing.calls.open).toBe(1)
      await expect.poll(() => clock.advance(1000).then(() => stage.count('alarm bell 0'))).toBe(1)
      expect(stage.calls.filter((call) => call === 'open')).toHaveLength(2)
    })

    it.each([
      ['whose handler it was in', false],
      ['whose end was not kept yet', true],
    ])('runs one again %s, and none twice that was over', async (_, isHeld) => {
      const { stage, losing, clock } = await start()
      const { peer } = await enter()
      stage.onAlarm = () => (isHeld ? undefined : stage.gate.promise)
      peer.send('bell', 1000, '1')
      await peer.next('ack')
      if (isHeld) losing.hold()
      await expect.poll(() => clock.advance(500).then(() => stage.count('alarm bell 0'))).toBe(1)
      await clock.settled()
      losing.lose('/room')
      await peer.closed
      losing.drop()
      stage.onAlarm = () => {}
      await expect.poll(() => clock.advance(500).then(() => stage.count('alarm bell 0'))).toBe(2)
      stage.gate.resolve()
      await clock.advance(60_000)
      expect(stage.count('alarm bell 0')).toBe(2)
      expect(await look('/room')).toMatchObject({ alarms: [] })
      // It is no failure of its handler.
      const metrics = await (await fetch(`${fixture.server.url}/metrics`)).text()
      expect(metrics).toMatch(/^corridor_alarm_failures_total\{room="\/room"\} 0$/m)
    })

    it('runs one again that was over in what was lost', async () => {
      // A log in memory that lost its past has no alarms.
      if (name === 'in memory') return
      const { stage, losing, clock } = await start()
      const { peer } = await enter()
      peer.send('bell', 1000, '1')
      await peer.next('ack')
      const before = await losing.copy()
      await expect.poll(() => clock.advance(500).then(() => stage.count('alarm bell 0'))).toBe(1)
      losing.become(before)
      losing.lose('/room')
      await peer.closed
      await expect.poll(() => clock.advance(500).then(() => stage.count('alarm bell 0'))).toBe(2)
    })
  })
})

it('a room that is closed when it has just lost its log calls its close once', async () => {
  const { parts } = roomParts(handClock())
  let lose = (_: string) => {}
  const log = wrappedLog(parts.log, {
    open(path, retention, lost = () => {}) {
      lose = lost
      return parts.log.open(path, retention)
    },
  })
  const stage = new LostStage()
  const definition = stage.definition as unknown as EventDefinition
  const room = new LiveEventRoom({ ...parts, log }, '/room', {}, roomSettings(), definition)
  const ended: Promise<void>[] = []
  await room.start(
    () => {},
    (end) => ended.push(end),
  )
  lose('a test')
  await Promise.resolve()
  await room.close({ code: 1001, reason: 'closed' })
  lose('a test')
  await Promise.all(ended)
  expect(ended).toHaveLength(1)
  expect(stage.calls).toEqual(['open', 'close'])
})
