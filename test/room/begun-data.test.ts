/** When `data` of a definition is called: once for each member, as it joins, also where nobody looks at `peer.data`. */
import { expect, it } from 'vitest'
import { defineRoom, RoomError } from '../../src/define.ts'
import { openRoom } from '../../src/testing.ts'

it('is called as a member joins, and not again when it is back or looked at', async () => {
  const called: string[] = []
  const since: number[] = []
  const definition = defineRoom({
    data: ({ name }) => ({ turn: called.push(name) }),
    open: (room) => ({ leave: (peer) => void since.push(peer.data.turn, room.size) }),
  })
  const room = await openRoom(definition)
  const ann = room.join({ name: 'ann', client: 'a' })
  const ben = room.join({ name: 'ben', client: 'b' })
  expect(called).toEqual(['ann', 'ben'])
  ann.drop()
  ann.rejoin()
  ben.leave()
  ann.leave()
  await room.advance(0)
  expect([called, since]).toEqual([
    ['ann', 'ben'],
    [2, 1, 1, 0],
  ])
  await room.close()
})

it('refuses the member if it throws, as `join` does', async () => {
  const heard: string[] = []
  const definition = defineRoom({
    data: ({ name }) => {
      if (name === 'eve') throw new RoomError('no_seat', 'no seat is left')
      return {}
    },
    open: () => ({ join: ({ name }) => void heard.push(name), leave: ({ name }) => void heard.push(name) }),
  })
  const room = await openRoom(definition)
  const eve = room.join({ name: 'eve' })
  await room.advance(0)
  expect([eve.closed, room.members(), heard, room.errors]).toEqual([{ code: 1008, reason: 'no_seat' }, [], [], []])
  await room.close()
})
