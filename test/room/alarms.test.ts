/** `room.alarms` as a room's author has it, in the test kit: order, one at a time, setting anew, restarts. */
import { defineRoom } from 'corridor'
import { openRoom } from 'corridor/testing'
import { describe, expect, it } from 'vitest'
import { openBell, START } from '../support/bell.ts'

describe('an alarm', () => {
  it('is called when it is due, once', async () => {
    const { room, inMs, rung } = await openBell()
    inMs('a', 1000)
    await room.advance(999)
    expect(rung).toEqual([])
    await room.advance(1)
    expect([rung, room.alarms.entries()]).toEqual([[['a', 0]], []])
    await room.advance(86_400_000)
    await room.restart()
    await room.advance(1000)
    expect(rung).toEqual([['a', 0]])
  })

  it('replaces one of its name, can be read and deleted', async () => {
    const { room, inMs, rung } = await openBell()
    inMs('a', 1000)
    inMs('b', 500)
    inMs('a', 2000)
    expect(room.alarms.get('a')).toBe(START + 2000)
    expect(room.alarms.entries()).toEqual([
      ['b', START + 500],
      ['a', START + 2000],
    ])
    expect([room.alarms.delete('b'), room.alarms.delete('b'), room.alarms.get('b')]).toEqual([true, false, undefined])
    await room.advance(1999)
    expect(rung).toEqual([])
    await room.advance(1)
    expect(rung).toEqual([['a', 0]])
  })

  it('of a past time is due now, and each in a turn of its own, in the order of their time', async () => {
    const { room, inMs, names } = await openBell()
    for (const [name, ms] of Object.entries({ c: -1, a: -3, d: 0, b: -2 })) inMs(name, ms)
    await room.advance(0)
    expect(names()).toEqual(['a', 'b', 'c', 'd'])
  })

  it('may be set for years ahead', async () => {
    const { room, inMs, rung } = await openBell()
    const years = 10 * 365 * 86_400_000
    inMs('a', years)
    await room.advance(years - 1)
    expect(rung).toEqual([])
    await room.advance(1)
    expect(rung).toEqual([['a', 0]])
  })

  it('has a name of 1 to 128 characters and a time that a Date can have; 100 of them are all', async () => {
    const { room, inMs } = await openBell()
    for (const name of ['', 'x'.repeat(129), 5, '\ud800']) expect(() => inMs(name as string, 0)).toThrow(TypeError)
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1, new Date(), '5', undefined])
      expect(() => room.alarms.set('a', at as number)).toThrow('expected a time in ms since 1970')
    for (let n = 0; n < 100; n += 1) inMs(`${n}`, 1000)
    inMs('0', 2000)
    expect(() => inMs('more', 1000)).toThrow(RangeError)
    room.alarms.delete('0')
    inMs('more', 1000)
  })

  it('needs a handler', async () => {
    const none = await openRoom(defineRoom({ open: () => ({}) }))
    expect(() => none.alarms.set('a', 0)).toThrow('open returned no function "alarm"')
    const inOpen = defineRoom({
      open(room) {
        room.alarms.set('a', 0)
        return {}
      },
    })
    await expect(openRoom(inOpen)).rejects.toThrow('returned no function "alarm"')
  })

  it('set in open is called when the room is open', async () => {
    const rung: string[] = []
    const room = await openRoom(
      defineRoom({
        open(room) {
          room.alarms.set('a', room.now())
          return { alarm: (name) => void rung.push(name) }
        },
      }),
    )
    await room.advance(0)
    expect(rung).toEqual(['a'])
  })

  it('set by a step that throws was never set', async () => {
    const { room, rung } = await openBell()
    await expect(room.join().send('throw', 'a')).rejects.toMatchObject({ code: 'no' })
    expect(room.alarms.entries()).toEqual([])
    await room.advance(1000)
    expect(rung).toEqual([])
  })

  it('survives a restart; one that is late by then is called at once', async () => {
    const { room, inMs, rung } = await openBell()
    inMs('a', 1000)
    inMs('b', -5000)
    await room.restart()
    await room.advance(0)
    expect(rung).toEqual([['b', 5000]])
    await room.advance(1000)
    expect(rung.at(-1)).toEqual(['a', 0])
  })

  it('is over in the transaction of what its handler did', async () => {
    const { room, inMs } = await openBell()
    inMs('publish', 0)
    await room.advance(0)
    await room.restart()
    expect([room.storage.get('rung'), await room.history()]).toMatchObject([1, [{ data: 'publish' }]])
    expect(room.alarms.entries()).toEqual([])
  })
})

describe('a handler', () => {
  it('may set its alarm anew', async () => {
    const { room, inMs, rung } = await openBell()
    inMs('again', 1000)
    await room.advance(10_000)
    expect(rung).toEqual([
      ['again', 0],
      ['again', 0],
      ['again', 0],
    ])
  })

  it('that waits holds up other alarms, but no messages', async () => {
    const { room, inMs, gates, names } = await openBell()
    inMs('wait', -1)
    inMs('b', 0)
    await room.advance(1000)
    expect(names()).toEqual(['wait'])
    await room.join().send('set', { name: 'c', in: 0 })
    gates[0]?.()
    await room.advance(0)
    expect(names()).toEqual(['wait', 'b', 'c'])
  })

  it('that does not end in 30 s is given up, and its alarm is tried again', async () => {
    const { room, inMs, names } = await openBell()
    inMs('wait', 0)
    inMs('b', 1)
    await room.advance(30_000)
    expect(names()).toEqual(['wait', 'b'])
    await room.advance(1000)
    expect(names()).toEqual(['wait', 'b', 'wait'])
    expect(room.errors).toMatchObject([{ message: expect.stringContaining('alarm handler did not end within 30 s') }])
  })

  it('is not there after the room has closed, nor are alarms', async () => {
    const { room, inMs, rung } = await openBell()
    inMs('a', 1000)
    const { alarms } = room
    await room.close()
    await room.advance(10_000)
    expect(rung).toEqual([])
    const unavailable = expect.objectContaining({ code: 'unavailable' })
    expect(() => alarms.set('b', 0)).toThrow(unavailable)
    expect(() => alarms.get('b')).toThrow(unavailable)
    expect(() => alarms.delete('b')).toThrow(unavailable)
    expect(() => alarms.entries()).toThrow(unavailable)
  })
})
