/** Where an act of the operator on a room is run. */
import { expect, it } from 'vitest'
import type { Link } from '../../src/nodes/link.ts'
import { OtherRooms } from '../../src/nodes/other-rooms.ts'
import type { Home } from '../../src/nodes/ownership.ts'
import { handClock } from '../../src/testing/hand-clock.ts'

/** `known`: where the room is without asking. Redis says that nobody owns the room, and that `holder` has it in its memory. */
function stage(known: Home | undefined, holder: string | undefined) {
  const asked: string[] = []
  const rooms = new OtherRooms({
    clock: handClock(),
    roster: { self: 'a', all: () => [] },
    ownership: {
      known: () => known,
      doubt() {},
      async find() {
        asked.push('owner')
        return known ?? { at: 'here' }
      },
      async holderOf() {
        asked.push('holder')
        return holder
      },
    },
    links: { to: async (node) => ({ node, ask: async () => `answer of ${node}` }) as unknown as Link },
  })
  return { asked, run: () => rooms.run('/room', 'restart', { room: '/room' }) }
}

it('a room that is open here is acted on here, and Redis is not asked', async () => {
  const { asked, run } = stage({ at: 'here' }, undefined)
  expect([await run(), asked]).toEqual([undefined, []])
})

it('a room of another node is acted on there', async () => {
  const { asked, run } = stage({ at: 'there', node: 'b', term: 1 }, undefined)
  expect([await run(), asked]).toEqual([{ answer: 'answer of b' }, ['owner']])
})

it('a closed room is acted on where the memory of a node has it, else here', async () => {
  expect(await stage(undefined, 'c').run()).toEqual({ answer: 'answer of c' })
  expect(await stage(undefined, undefined).run()).toBeUndefined()
})
