/** Alarms whose handler throws: they did nothing, and are tried again until they succeed, are deleted or set anew. */
import { describe, expect, it } from 'vitest'
import { openBell, START } from '../support/bell.ts'
import { inMemory } from '../support/places.ts'
import { StepStage } from '../support/step-stage.ts'

describe('a handler that throws', () => {
  it('did nothing, and is tried again after 1 s, doubling to 5 min', async () => {
    const { room, inMs, rung } = await openBell()
    inMs('fail', 0)
    await room.advance(0)
    expect([room.storage.get('rung'), room.alarms.get('fail'), rung.length]).toEqual([0, START, 1])
    const waits = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    for (const [index, seconds] of waits.entries()) {
      await room.advance(seconds * 1000 - 1)
      expect(rung.length).toBe(index + 1)
      await room.advance(1)
      expect(rung.length).toBe(index + 2)
    }
    expect(room.errors).toHaveLength(rung.length)
  })

  it('does not hold up the others', async () => {
    const { room, inMs, names } = await openBell()
    inMs('fail', 0)
    inMs('b', 1)
    await room.advance(1)
    expect(names()).toEqual(['fail', 'b'])
  })

  it('is not called again once its alarm is deleted, and at the new time once it is set anew', async () => {
    const { room, inMs, names, rung } = await openBell()
    inMs('fail', 0)
    await room.advance(0)
    room.alarms.delete('fail')
    await room.advance(10_000)
    expect(names()).toEqual(['fail'])
    inMs('fail', 20_000)
    await room.advance(10_000)
    expect(rung.at(-1)).toEqual(['fail', 0])
    // Counted from the beginning.
    await room.advance(1000)
    expect(rung).toHaveLength(3)
  })

  it('after an await is tried again; what its earlier steps did is kept', async () => {
    const { room, inMs } = await openBell()
    inMs('late', 0)
    await room.advance(0)
    expect([room.storage.get('rung'), room.alarms.get('late')]).toEqual([1, START])
    await room.advance(1000)
    expect(room.storage.get('rung')).toBe(2)
  })

  it('has not set its alarm anew either', async () => {
    const { room, inMs } = await openBell()
    inMs('anew and fail', 0)
    await room.advance(0)
    expect(room.alarms.get('anew and fail')).toBe(START)
  })

  it('keeps its alarm over a restart', async () => {
    const { room, inMs, names } = await openBell()
    inMs('fail', 0)
    await room.advance(0)
    await room.restart()
    await room.advance(0)
    expect(names()).toEqual(['fail', 'fail'])
  })
})

it('an alarm whose end the log cannot keep is tried each second, until the log is back', async () => {
  const rung: number[] = []
  const stage = await StepStage.open(inMemory(), {
    do: { set: (_, room) => room.alarms.set('bell', stage.clock.now()) },
    alarm: () => void rung.push(stage.clock.now()),
  })
  stage.join('ann')
  stage.say('ann', 'set', '1')
  stage.hold.breaks = true
  await stage.clock.advance(100_000)
  const away = rung.length
  expect(away).toBeGreaterThan(90)
  stage.hold.breaks = false
  await stage.clock.advance(100_000)
  expect([rung.length, stage.room.alarms.get('bell')]).toEqual([away + 1, undefined])
})

it('an alarm that rings before it is kept does not come back if it is not', async () => {
  const rung: string[] = []
  const handled = Promise.withResolvers<void>()
  const stage = await StepStage.open(inMemory(), {
    do: { set: (_, room) => room.alarms.set('early', stage.clock.now()) },
    alarm: (name) => {
      rung.push(name)
      return handled.promise
    },
  })
  stage.join('ann')
  stage.hold.isHeld = true
  stage.say('ann', 'set', '1')
  await stage.clock.advance(1)
  expect(rung).toEqual(['early'])
  stage.hold.break()
  handled.reject(new Error('its handler fails after that'))
  await stage.clock.advance(10_000)
  expect([rung, stage.room.alarms.get('early')]).toEqual([['early'], undefined])
})
