/** What a room says leaves when what it did is kept, in the order in which it said it. Over each log. */
import { AsyncResource } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { RoomError } from '../../src/define.ts'
import { inMemory } from '../support/places.ts'
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

describe.each(PLACES)('the order of what a room says, over the log in %s', (_, inPlace) => {
  const place = inPlace()

  it('is the order in which it said it, and the ack comes last', async () => {
    const stage = await StepStage.open(place, {
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
    const stage = await StepStage.open(place, {
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
    const stage = await StepStage.open(place, {
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
    const stage = await StepStage.open(place, {
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

describe.each(PLACES)('what a room says, over the log in %s', (_, inPlace) => {
  const place = inPlace()

  it('does not leave before what it did is kept, nor before what it did earlier', async () => {
    const stage = await StepStage.open(place, {
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
  const stage = await StepStage.open(inMemory(), { do: { all, only: (peer) => peer.send('sent', 'only') } })
  stage.join('ann')
  stage.say('ann', 'only', 'n')
  expect(stage.heard('ann')).toEqual(['sent only', 'ack n -'])
  stage.say('ann', 'all', 'm')
  expect(stage.heard('ann')).toEqual(['said event', 'said broadcast', 'sent direct', 'ack m 1'])
})
