/** Steps of `open`, `join` and `close`: a room that opens, a peer that comes in, and the end of both. */
import { describe, expect, it } from 'vitest'
import { RoomError } from '../../src/define.ts'
import { PLACES } from '../support/redis-place.ts'
import { type StageRoom, StepStage } from '../support/step-stage.ts'

describe.each(PLACES)('open, over the log in %s', (_, inPlace) => {
  const place = inPlace()

  it('that throws did nothing', async () => {
    let throws = true
    const stage = await StepStage.unopened(place, {
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
    const stage = await StepStage.unopened(place, {
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
    const stage = await StepStage.unopened(place, { open: (room) => room.set('opened') })
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

describe.each(PLACES)('join, over the log in %s', (_, inPlace) => {
  const place = inPlace()

  it('that refuses did nothing, and nobody hears what it said', async () => {
    const left: string[] = []
    const stage = await StepStage.open(place, {
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

describe.each(PLACES)('close, over the log in %s', (_, inPlace) => {
  const place = inPlace()

  it('is a step like any other, and nothing is kept after it', async () => {
    let late: StageRoom | undefined
    const errors: unknown[] = []
    const stage = await StepStage.open(place, {
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
