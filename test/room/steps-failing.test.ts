/** Steps that could not be kept: what they did is undone, what they said is never heard, and the room goes on. */
import { describe, expect, it } from 'vitest'
import { RoomError } from '../../src/define.ts'
import { PLACES } from '../support/redis-place.ts'
import { type StageRoom, StepStage } from '../support/step-stage.ts'

describe.each(PLACES)('a commit that fails, over the log in %s', (_, inPlace) => {
  const place = inPlace()

  const set = (value: string) => (peer: { send(type: string, data: unknown): void }, room: StageRoom) => {
    room.set(value)
    void room.publish('said', value)
    peer.send('sent', value)
  }

  it('undoes all that waited with it, and saying it again is safe', async () => {
    const stage = await StepStage.open(place, {
      do: { a: set('a'), b: set('b'), c: set('c'), read: (peer, room) => peer.send('sent', room.get()) },
    })
    for (const name of ['ann', 'ben']) stage.join(name)
    stage.say('ann', 'a', '1')
    await stage.settled()
    expect(stage.heard('ann')).toEqual(['said a', 'sent a', 'ack 1 1'])
    stage.heard('ben')
    stage.hold.isHeld = true
    stage.say('ben', 'b', '2')
    stage.say('ben', 'c', 'c')
    stage.say('ann', 'read', '3')
    await stage.settled()
    expect(stage.room.get()).toBe('c')
    stage.hold.break()
    await stage.settled()
    expect(stage.room.get()).toBe('a')
    expect(stage.heard('ann')).toEqual(['error 3 unavailable'])
    expect(stage.heard('ben')).toEqual(['error 2 unavailable', 'error c unavailable'])
    stage.say('ben', 'b', '2')
    stage.say('ann', 'read', '3')
    await stage.settled()
    expect(stage.heard('ben')).toEqual(['said b', 'sent b', 'ack 2 2'])
    expect(stage.heard('ann')).toEqual(['said b', 'sent b', 'ack 3 -'])
    await stage.reopen()
    expect(stage.room.get()).toBe('b')
  })

  it('keeps a peer whose close was in it, and answers what the peer said meanwhile', async () => {
    const stage = await StepStage.open(place, {
      do: {
        bye(peer, room) {
          void room.publish('said', 'bye')
          peer.close(4000)
        },
        hello: (peer) => peer.send('sent', 'hello'),
      },
    })
    stage.join('ann')
    stage.hold.isHeld = true
    stage.say('ann', 'bye', '1')
    stage.say('ann', 'hello', '2')
    await stage.settled()
    expect([stage.room.size, stage.heard('ann')]).toEqual([0, []])
    stage.hold.break()
    await stage.settled()
    expect(stage.room.size).toBe(1)
    expect(stage.heard('ann')).toEqual(['error 1 unavailable', 'error 2 unavailable'])
    stage.say('ann', 'hello', '2')
    await stage.settled()
    expect(stage.heard('ann')).toEqual(['sent hello', 'ack 2 -'])
  })

  it('of a later step leaves the earlier, and its error is kept under the id', async () => {
    let calls = 0
    const stage = await StepStage.open(place, {
      do: {
        async two(_, room) {
          calls += 1
          await room.publish('said', 'one')
          stage.hold.breaks = true
          room.set('two')
          await room.publish('said', 'two').catch(() => {})
          stage.hold.breaks = false
        },
      },
    })
    stage.join('ann')
    stage.say('ann', 'two', 'm')
    await stage.settled()
    stage.say('ann', 'two', 'm')
    await stage.settled()
    expect(stage.heard('ann')).toEqual(['said one', 'error m internal', 'error m internal duplicate'])
    expect([stage.room.get(), calls]).toEqual(['', 1])
  })

  it('of the first step keeps the id with a later one, so that nothing is done twice', async () => {
    let calls = 0
    const stage = await StepStage.open(place, {
      do: {
        async two(_, room) {
          calls += 1
          stage.hold.breaks = true
          await room.publish('said', 'one').catch(() => {})
          stage.hold.breaks = false
          await room.publish('said', 'two')
        },
      },
    })
    stage.join('ann')
    for (let time = 0; time < 2; time += 1) {
      stage.say('ann', 'two', 'm')
      await stage.settled()
    }
    expect(stage.heard('ann')).toEqual(['said two', 'error m internal', 'error m internal duplicate'])
    expect(calls).toBe(1)
  })

  it.each(['ended', 'closed'])('does not keep a peer that the server has %s meanwhile', async (how) => {
    const stage = await StepStage.open(place, {
      do: {
        bye(peer, room) {
          void room.publish('said', 'bye')
          peer.close(4000)
        },
      },
    })
    stage.join('ann')
    const [ann] = stage.room.peers()
    stage.hold.isHeld = true
    stage.say('ann', 'bye', '1')
    await stage.settled()
    if (how === 'ended' && ann) stage.room.end(ann, { code: 1008, reason: '' })
    else await stage.room.close({ code: 1012, reason: '' })
    stage.hold.break()
    await stage.settled()
    expect(stage.room.size).toBe(0)
    expect(stage.heard('ann')).toContain(how === 'ended' ? 'closed 1008' : 'closed 1012')
  })

  it('is the answer if nothing is kept, whatever its handler throws then', async () => {
    const stage = await StepStage.open(place, {
      do: {
        async two(_, room) {
          void room.publish('said', 'one').catch(() => {})
          await stage.settled()
          throw new RoomError('no', 'not today')
        },
      },
    })
    stage.join('ann')
    stage.hold.breaks = true
    stage.say('ann', 'two', 'm')
    await stage.settled()
    await stage.settled()
    stage.hold.breaks = false
    stage.say('ann', 'two', 'm')
    await stage.settled()
    await stage.settled()
    expect(stage.heard('ann')).toEqual(['error m unavailable', 'said one', 'error m no'])
  })

  it('of what comes back meanwhile leaves its new connection a member', async () => {
    const stage = await StepStage.open(place, {
      do: {
        bye(peer, room) {
          void room.publish('said', 'bye')
          peer.close(4000)
        },
        hello: (peer, room) => peer.send('sent', String(room.peers('ann').length)),
      },
    })
    stage.join('ann')
    stage.hold.isHeld = true
    stage.say('ann', 'bye', '1')
    await stage.settled()
    stage.join('ann')
    stage.hold.break()
    await stage.settled()
    stage.say('ann', 'hello', '2')
    await stage.settled()
    expect(stage.heard('ann')).toEqual(['sent 1', 'ack 2 -'])
    expect(stage.room.isHere('ann')).toBe(true)
  })
})
