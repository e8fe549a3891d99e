/**
 * Steps: what a room's code does up to its next `await` is kept as one, or did nothing; and what it says leaves when
 * that is kept, in the order it was said. Over each log.
 */
import { AsyncResource } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { RoomError } from '../../src/define.ts'
import { KINDS, type StageRoom, StepStage } from '../support/step-stage.ts'

const fails = () => {
  throw new RoomError('no', 'planned')
}

const all = (peer: { send(type: string, data: unknown): void }, room: StageRoom) => {
  room.set('changed')
  void room.publish('said', 'event')
  room.broadcast('said', 'broadcast')
  peer.send('sent', 'direct')
}

describe.each(KINDS)('the order of what a room says, over the log %s', (kind) => {
  it('is the order in which it said it, and the ack comes last', async () => {
    const stage = await StepStage.open(kind, {
      do: {
        mix(peer, room) {
          void room.publish('said', '1')
          peer.send('sent', '2')
          room.broadcast('said', '3')
          void room.publish('said', '4')
          peer.send('sent', '5')
        },
      },
    })
    stage.join('ann')
    stage.join('ben')
    stage.say('ann', 'mix', 'm')
    await stage.settled()
    expect(stage.heard('ann')).toEqual(['said 1', 'sent 2', 'said 3', 'said 4', 'sent 5', 'ack m 1'])
    expect(stage.heard('ben')).toEqual(['said 1', 'said 3', 'said 4'])
  })

  it('holds for several handlers whose steps are kept together, async ones too', async () => {
    const stage = await StepStage.open(kind, {
      do: {
        async slow(peer, room) {
          peer.send('sent', 'slow 1')
          await room.publish('said', 'slow 2')
          peer.send('sent', 'slow 3')
        },
        fast(peer, room) {
          void room.publish('said', 'fast 1')
          peer.send('sent', 'fast 2')
        },
      },
    })
    stage.join('ann')
    stage.join('ben')
    stage.say('ann', 'slow', 'a')
    stage.say('ben', 'fast', 'b')
    await stage.settled()
    const published = ['said slow 2', 'said fast 1']
    expect(stage.heard('ann').filter((note) => !note.startsWith('said'))).toEqual([
      'sent slow 1',
      'sent slow 3',
      'ack a 1',
    ])
    expect(stage.heard('ben')).toEqual([...published, 'sent fast 2', 'ack b 2'])
  })

  it('has a close after all that was said before it, and nothing after it', async () => {
    const stage = await StepStage.open(kind, {
      do: {
        bye(peer, room) {
          void room.publish('said', 'last')
          peer.send('sent', 'bye')
          peer.close(4000)
          void room.publish('said', 'after')
          peer.send('sent', 'after')
        },
      },
    })
    stage.join('ann')
    stage.join('ben')
    stage.say('ann', 'bye', 'm')
    await stage.settled()
    expect(stage.heard('ann')).toEqual(['said last', 'sent bye', 'closed 4000'])
    expect(stage.heard('ben')).toEqual(['said last', 'said after'])
    expect(stage.room.size).toBe(1)
  })

  it('is that of the steps, where code that nobody waits for speaks in the middle of a handler', async () => {
    let outside = (_: () => void) => {}
    const stage = await StepStage.open(kind, {
      open() {
        const resource = new AsyncResource('outside')
        outside = (work) => resource.runInAsyncScope(work)
      },
      do: {
        both(peer, room) {
          room.set('first')
          outside(() => room.broadcast('said', 'outside'))
          peer.send('sent', 'inside')
          if (room.get() !== 'first') throw new Error('it was undone')
        },
        fails(_, room) {
          room.set('never')
          outside(() => room.broadcast('said', 'outside'))
          void room.publish('said', 'never')
          fails()
        },
      },
    })
    stage.join('ann')
    stage.say('ann', 'both', 'm')
    await stage.settled()
    expect(stage.heard('ann').toSorted()).toEqual(['ack m -', 'said outside', 'sent inside'])
    stage.say('ann', 'fails', 'n')
    await stage.settled()
    expect(stage.heard('ann').toSorted()).toEqual(['error n no', 'said outside'])
    expect(stage.room.get()).toBe('first')
  })
})

describe.each(KINDS)('what a room says, over the log %s', (kind) => {
  it('does not leave before what it did is kept, nor before what it did earlier', async () => {
    const stage = await StepStage.open(kind, {
      do: {
        all(peer, room) {
          all(peer, room)
          peer.close(4000)
        },
        only: (peer) => peer.send('sent', 'only'),
      },
    })
    stage.join('ann')
    stage.join('ben')
    stage.hold.isHeld = true
    stage.say('ann', 'all', 'm')
    stage.say('ben', 'only', 'n')
    await stage.settled()
    expect([stage.heard('ann'), stage.heard('ben')]).toEqual([[], []])
    stage.hold.release()
    await stage.settled()
    expect(stage.heard('ann')).toEqual(['said event', 'said broadcast', 'sent direct', 'closed 4000'])
    expect(stage.heard('ben')).toEqual(['said event', 'said broadcast', 'sent only', 'ack n -'])
  })
})

it('a room with nothing pending waits for nothing', async () => {
  const stage = await StepStage.open('memory', { do: { all, only: (peer) => peer.send('sent', 'only') } })
  stage.join('ann')
  stage.say('ann', 'only', 'n')
  expect(stage.heard('ann')).toEqual(['sent only', 'ack n -'])
  stage.say('ann', 'all', 'm')
  expect(stage.heard('ann')).toEqual(['said event', 'said broadcast', 'sent direct', 'ack m 1'])
})

describe.each(KINDS)('a step that throws, over the log %s', (kind) => {
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
    const stage = await StepStage.open(kind, {
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
    const stage = await StepStage.open(kind, {
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
    const stage = await StepStage.open(kind, {
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
    const stage = await StepStage.open(kind, {
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

describe.each(KINDS)('the answer of a message of several steps, over the log %s', (kind) => {
  it('has the seq of its first event, also if an earlier step had none', async () => {
    const stage = await StepStage.open(kind, {
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
    const stage = await StepStage.open(kind, {
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
    expect(stage.heard('ann')).toEqual(['error m unavailable', 'error m unavailable duplicate'])
    await stage.clock.advance(10_000)
    await stage.settled()
    expect(stage.room.get()).toBe('begun')
  })
})

describe.each(KINDS)('a batch, over the log %s', (kind) => {
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
    const stage = await StepStage.open(kind, script)
    stage.join('ann')
    expect(await stage.post('ann', 'ok', which)).toBe(code)
    await stage.settled()
    expect([stage.room.get(), await stage.events()]).toEqual(['', []])
    expect(stage.heard('ann')).toEqual([`error ${code}`, `error ${code}`])
  })

  it('is one step, in which each sees what those before did', async () => {
    const stage = await StepStage.open(kind, script)
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
