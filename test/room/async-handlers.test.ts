/** Handlers that take their time: each peer's messages stay in order, and nobody waits for another's, or for ever. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, type Room } from '../../src/define.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { openOneRoom } from '../support/one-room.ts'

const fixture = openOneRoom()
const { start, enter } = fixture

const FAST = { limits: { rate: { perSecond: 10_000, burst: 10_000 } } }

describe('an async handler', () => {
  const waiting = () => {
    const gates: (() => void)[] = []
    const definition = defineRoom({
      receives: { slow: z.number(), fast: z.number(), never: z.number() },
      sends: { done: z.number() },
      open: (room) => ({
        receive: {
          slow: async (_, number) => {
            await new Promise<void>((resolve) => gates.push(resolve))
            await room.publish('done', number)
          },
          fast: (_, number) => room.publish('done', number),
          never: () => new Promise(() => {}),
        },
      }),
    })
    return { definition, gates }
  }

  it("keeps its peer's messages in order, and nobody else waits", async () => {
    const { definition, gates } = waiting()
    await start(definition, FAST)
    const [ann, bob] = [await enter('ann'), await enter('bob')]
    ann.send('slow', 1, 'm1')
    ann.send('fast', 2, 'm2')
    ann.send('slow', 3, 'm3')
    ann.send('fast', 4, 'm4')
    bob.send('fast', 100)
    expect(await bob.next()).toMatchObject({ type: 'done', data: 100 })
    expect(gates).toHaveLength(1)

    gates[0]?.()
    for (const number of [1, 2]) expect(await bob.next()).toMatchObject({ data: number })
    gates[1]?.()
    for (const number of [3, 4]) expect(await bob.next()).toMatchObject({ data: number })
    const heard = []
    for (let frame = 0; frame < 9; frame += 1) heard.push(await ann.next())
    expect(heard.filter(({ type }) => type === 'ack').map(({ id }) => id)).toEqual(['m1', 'm2', 'm3', 'm4'])
    expect(heard.filter(({ type }) => type === 'done').map(({ data }) => data)).toEqual([100, 1, 2, 3, 4])
  })

  it('that never ends holds up its own peer only, whose messages wait up to a bound', async () => {
    const { definition } = waiting()
    await start(definition, FAST, handClock())
    const [ann, bob] = [await enter('ann'), await enter('bob')]
    for (let number = 0; number <= 257; number += 1) ann.send('never', number, `m${number}`)
    expect(await ann.next('error')).toMatchObject({ id: 'm257', data: { code: 'unavailable' } })
    bob.send('fast', 1)
    expect(await bob.next()).toMatchObject({ data: 1 })
    ann.terminate()
    await ann.closed
    bob.send('fast', 2)
    expect(await bob.next()).toMatchObject({ data: 2 })
  })

  it('that never ends in a raw room has its peer closed when too much waits', async () => {
    await start(defineRoom({ open: () => ({ message: () => new Promise(() => {}) }) }), FAST, handClock())
    const ann = await fixture.server.connect('/room')
    for (let number = 0; number <= 257; number += 1) ann.sendText('x')
    expect((await ann.closed).code).toBe(1013)
  })

  it('that outlives its room cannot break into the order of the next', async () => {
    const rooms: Room<{ said: z.ZodString }>[] = []
    const definition = defineRoom({
      receives: {},
      sends: { said: z.string() },
      open: (room) => {
        rooms.push(room)
        return {}
      },
    })
    await start(definition)
    const ann = await enter('ann')
    await rooms[0]?.publish('said', 'before')
    await fixture.server.reload({ rooms: { '/room': { definition, title: 'Another' } } })
    expect((await ann.closed).code).toBe(1012)
    const again = await enter('ann')
    expect(await again.next()).toMatchObject({ seq: 1 })

    await expect(rooms[0]?.publish('said', 'from the dead')).rejects.toThrow('this room has closed')
    expect(await rooms[1]?.publish('said', 'after')).toMatchObject({ seq: 2 })
    expect(await again.next()).toMatchObject({ seq: 2, data: 'after' })
  })
})
