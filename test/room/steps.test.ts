/** Steps: what a room's code does up to its next `await` is kept as one, or did nothing. Over each log. */
import { describe, expect, it } from 'vitest'
import { RoomError } from '../../src/define.ts'
import { PLACES } from '../support/redis-place.ts'
import { type StageRoom, StepStage } from '../support/step-stage.ts'

const fails = () => {
  throw new RoomError('no', 'planned')
}

const all = (peer: { send(type: string, data: unknown): void }, room: StageRoom) => {
  room.set('changed')
  void room.publish('said', 'event')
  room.broadcast('said', 'broadcast')
  peer.send('sent', 'direct')
}

describe.each(PLACES)('a step that throws, over the log in %s', (_, inPlace) => {
  const place = inPlace()

  const script = {
    do: {
      sync(peer: Parameters<typeof all>[0] & { close(): void }, room: StageRoom) {
        all(peer, room)
        peer.close()
        fails()
      },
      async async(peer: Parameters<typeof all>[0] & { close(): void }, room: StageRoom) {
        all(peer, room)
        peer.close()
        fails()
      },
    },
  }

  it.each(['sync', 'async'])('did nothing, and its id is not kept: %s', async (how) => {
    let calls = 0
    const stage = await StepStage.open(place, {
      do: {
        [how](peer, room) {
          calls += 1
          return script.do[how as 'sync'](peer, room)
        },
      },
    })
    stage.join('ann')
    stage.say('ann', how, 'm')
    await stage.settled()
    expect(stage.heard('ann')).toEqual(['error m no'])
    expect([stage.room.get(), await stage.events(), stage.room.size]).toEqual(['', [], 1])
    stage.say('ann', how, 'm')
    await stage.settled()
    expect([stage.heard('ann'), calls]).toEqual([['error m no'], 2])
    await stage.reopen()
    expect([stage.room.get(), stage.room.roomLog.seq]).toEqual(['', 0])
  })

  it('after an await did nothing, what was before stays, and its error is kept under the id', async () => {
    let calls = 0
    const stage = await StepStage.open(place, {
      do: {
        async half(peer, room) {
          calls += 1
          room.set('half')
          await room.publish('said', 'half')
          room.set('whole')
          void room.publish('said', 'whole')
          peer.send('sent', 'whole')
          fails()
        },
      },
    })
    stage.join('ann')
    stage.say('ann', 'half', 'm')
    await stage.settled()
    expect(stage.heard('ann')).toEqual(['said half', 'error m no'])
    expect([stage.room.get(), await stage.events()]).toEqual(['half', ['half']])
    stage.say('ann', 'half', 'm')
    await stage.settled()
    await stage.reopen()
    stage.join('ann')
    stage.say('ann', 'half', 'm')
    await stage.settled()
    expect(stage.heard('ann')).toEqual(['error m no duplicate'])
    expect([stage.room.get(), calls]).toEqual(['half', 1])
  })

  it('takes along what has read what it changed, and nothing else', async () => {
    const stage = await StepStage.open(place, {
      do: {
        async never(_, room) {
          room.set('never')
          fails()
        },
        reads: (peer, room) => peer.send('sent', room.get() || 'nothing'),
        other: (_, room) => void room.publish('said', 'other'),
      },
    })
    for (const name of ['ann', 'ben', 'cid']) stage.join(name)
    stage.say('ann', 'never', 'a')
    stage.say('ben', 'reads', 'b')
    stage.say('cid', 'other', 'c')
    await stage.settled()
    expect(stage.heard('ann')).toContain('error a no')
    expect(stage.heard('ben')).toEqual(['error b unavailable', 'said other'])
    expect(stage.heard('cid')).toEqual(['said other', 'ack c 1'])
    stage.say('ben', 'reads', 'b')
    await stage.settled()
    expect(stage.heard('ben')).toEqual(['sent nothing', 'ack b -'])
  })

  it('in a timer is undone, and what it said is never heard', async () => {
    const stage = await StepStage.open(place, {
      open(room) {
        room.after(1000, () => {
          room.set('never')
          room.broadcast('said', 'never')
          fails()
        })
        room.after(2000, () => room.broadcast('said', room.get() || 'nothing'))
      },
    })
    stage.join('ann')
    await stage.clock.advance(3000)
    await stage.settled()
    expect(stage.heard('ann')).toEqual(['said nothing'])
  })
})

describe.each(PLACES)('the answer of a message of several steps, over the log in %s', (_, inPlace) => {
  const place = inPlace()

  it('has the seq of its first event, also if an earlier step had none', async () => {
    const stage = await StepStage.open(place, {
      do: {
        async steps(_, room) {
          room.set('1')
          await undefined
          room.set('2')
          await room.publish('said', 'first')
          await room.publish('said', 'second')
        },
      },
    })
    stage.join('ann')
    stage.say('ann', 'steps', 'm')
    await stage.settled()
    stage.say('ann', 'steps', 'm')
    await stage.settled()
    expect(stage.heard('ann')).toEqual(['said first', 'said second', 'ack m 1', 'ack m 1 duplicate'])
    await stage.reopen()
    stage.join('ann')
    stage.say('ann', 'steps', 'm')
    await stage.settled()
    expect(stage.heard('ann')).toContain('ack m 1 duplicate')
  })

  it('is an error that is kept, where its handler was given up', async () => {
    const stage = await StepStage.open(place, {
      do: {
        async endless(_, room) {
          room.set('begun')
          await new Promise((resolve) => room.after(40_000, () => resolve(undefined)))
          room.set('late')
        },
      },
    })
    stage.join('ann')
    stage.say('ann', 'endless', 'm')
    await stage.settled()
    await stage.clock.advance(31_000)
    await stage.settled()
    stage.say('ann', 'endless', 'm')
    await stage.settled()
    expect(stage.heard('ann')).toEqual(['error m unavailable', 'error m internal duplicate'])
    await stage.clock.advance(10_000)
    await stage.settled()
    expect(stage.room.get()).toBe('begun')
  })
})

describe.each(PLACES)('a batch, over the log in %s', (_, inPlace) => {
  const place = inPlace()

  const script = {
    do: {
      ok: all,
      fails(peer: Parameters<typeof all>[0], room: StageRoom) {
        all(peer, room)
        fails()
      },
      async awaits(_: unknown, room: StageRoom) {
        room.set('never')
        await undefined
        room.set('never')
      },
      async async(_: unknown, room: StageRoom) {
        room.set(`${room.get()} async`)
      },
    },
  }

  it.each([
    ['fails', 'no'],
    ['awaits', 'async_in_batch'],
  ])('is undone whole where one of it %s', async (which, code) => {
    const stage = await StepStage.open(place, script)
    stage.join('ann')
    expect(await stage.post('ann', 'ok', which)).toBe(code)
    await stage.settled()
    expect([stage.room.get(), await stage.events()]).toEqual(['', []])
    expect(stage.heard('ann')).toEqual([`error ${code}`, `error ${code}`])
  })

  it('is one step, in which each sees what those before did', async () => {
    const stage = await StepStage.open(place, script)
    stage.join('ann')
    stage.hold.isHeld = true
    const posted = stage.post('ann', 'ok', 'async')
    await stage.settled()
    expect([stage.room.get(), stage.heard('ann')]).toEqual(['changed async', []])
    stage.hold.release()
    expect(await posted).toBe(undefined)
    expect(stage.heard('ann')).toEqual(['said event', 'said broadcast', 'sent direct'])
  })
})
