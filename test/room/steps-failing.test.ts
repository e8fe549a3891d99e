/** Steps that could not be kept: what they did is undone, what they said is never heard, and the room goes on. */
import { describe, expect, it } from 'vitest'
import { RoomError } from '../../src/define.ts'
import { KINDS, type StageRoom, StepStage } from '../support/step-stage.ts'

describe.each(KINDS)('a commit that fails, over the log %s', (kind) => {
  const set = (value: string) => (peer: { send(type: string, data: unknown): void }, room: StageRoom) => {
    room.set(value)
    void room.publish('said', value)
    peer.send('sent', value)
  }

  it('undoes all that waited with it, and saying it again is safe', async () => {
    const stage = await StepStage.open(kind, {
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
    const stage = await StepStage.open(kind, {
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
    const stage = await StepStage.open(kind, {
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
    expect(stage.heard('ann')).toEqual(['said one', 'error m unavailable', 'error m unavailable duplicate'])
    expect([stage.room.get(), calls]).toEqual(['', 1])
  })

  it('of what comes back meanwhile leaves its new connection a member', async () => {
    const stage = await StepStage.open(kind, {
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

describe.each(KINDS)('open, over the log %s', (kind) => {
  it('that throws did nothing', async () => {
    let throws = true
    const stage = await StepStage.unopened(kind, {
      open(room) {
        room.set(`${room.get()}opened`)
        void room.publish('said', 'opened')
        if (throws) throw new Error('planned')
      },
    })
    await expect(stage.openRoom()).rejects.toThrow('planned')
    throws = false
    await stage.openRoom()
    expect([stage.room.get(), stage.room.roomLog.seq]).toEqual(['opened', 1])
  })

  it.each([false, true])('that cannot be kept fails; later: %s', async (isLater) => {
    const stage = await StepStage.unopened(kind, {
      async open(room) {
        const published = room.publish('said', 'opened')
        if (isLater) await published.catch(() => {})
      },
    })
    stage.hold.breaks = true
    await expect(stage.openRoom()).rejects.toMatchObject({ code: 'unavailable' })
    stage.hold.breaks = false
    await stage.openRoom()
    expect(stage.room.roomLog.seq).toBe(1)
  })

  it('is over when what it did is kept', async () => {
    const stage = await StepStage.unopened(kind, { open: (room) => room.set('opened') })
    stage.hold.isHeld = true
    let isOpen = false
    const opened = stage.openRoom().then(() => {
      isOpen = true
    })
    for (let turn = 0; turn < 5; turn += 1) await stage.clock.advance(10)
    expect(isOpen).toBe(false)
    stage.hold.release()
    await opened
  })
})

describe.each(KINDS)('join, over the log %s', (kind) => {
  it('that refuses did nothing, and nobody hears what it said', async () => {
    const left: string[] = []
    const stage = await StepStage.open(kind, {
      join(peer, room) {
        room.set(`${room.get()}${peer.name}`)
        void room.publish('said', peer.name)
        room.broadcast('said', `hello ${peer.name}`)
        if (peer.name === 'ben') throw new RoomError('full', 'planned')
      },
      leave: (peer) => left.push(peer.name),
    })
    stage.join('ann')
    stage.join('ben')
    await stage.settled()
    expect(stage.heard('ben')).toEqual(['error full', 'closed 1008'])
    expect(stage.heard('ann')).toEqual(['said ann', 'said hello ann'])
    expect([stage.room.get(), stage.room.size, left]).toEqual(['ann', 1, []])
  })
})

describe.each(KINDS)('close, over the log %s', (kind) => {
  it('is a step like any other, and nothing is kept after it', async () => {
    let late: StageRoom | undefined
    const errors: unknown[] = []
    const stage = await StepStage.open(kind, {
      close(room) {
        late = room
        room.set('closed')
        void room.publish('said', 'closed')
      },
      do: {
        async endless(_, room) {
          await new Promise((resolve) => setTimeout(resolve, 30))
          for (const work of [() => room.set('late'), () => room.broadcast('said', 'late')]) {
            try {
              work()
            } catch (error) {
              errors.push(error)
            }
          }
        },
      },
    })
    stage.join('ann')
    stage.say('ann', 'endless')
    const closing = stage.room.close({ code: 1012, reason: '' })
    await stage.clock.advance(3000)
    await stage.clock.advance(3000)
    await closing
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(errors).toMatchObject([{ code: 'unavailable' }, { code: 'unavailable' }])
    expect(() => late?.set('later')).toThrow('closed')
    await stage.openRoom()
    expect([stage.room.get(), stage.room.roomLog.seq]).toEqual(['closed', 1])
  })
})
