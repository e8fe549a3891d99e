/** A room that is handed to this node: it is opened at once, and held open until its edges have brought its peers. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { Settling } from '../../src/nodes/owner/settling.ts'
import { ENDING, Taking } from '../../src/nodes/owner/taking.ts'
import { Questions } from '../../src/nodes/questions.ts'
import { ownerNode } from '../support/owner-node.ts'

const definition = defineRoom({ sends: { said: z.string() }, open: () => ({}) })

it('is held open for the edges that are about to bring its peers', async () => {
  const { rooms, clock, routeOf } = ownerNode(definition, { idleAfter: '1s' })
  const questions = new Questions()
  new Taking({ clock, settling: new Settling(clock), rooms, routeOf, isDraining: () => false }).answer(questions)
  const taken = questions.read('take', { path: '/room', edges: [] })('a')
  await clock.advance(10)
  await taken
  await clock.advance(4900)
  expect(rooms.at('/room')).toBeDefined()
  await clock.advance(1200)
  expect(rooms.at('/room')).toBe(undefined)
})

it('is opened by its heir at once, held open for its edges, and settling until they have brought its peers', async () => {
  const { rooms, clock, routeOf } = ownerNode(definition)
  let isDraining = false
  const questions = new Questions()
  const settling = new Settling(clock)
  const taking = new Taking({ clock, settling, rooms, routeOf, isDraining: () => isDraining })
  taking.answer(questions)
  const taken = questions.read('take', { path: '/r/one', edges: ['b', 'c'] })('a')
  await clock.advance(10)
  await taken
  expect([rooms.at('/r/one')?.room.path, settling.isSettling('/r/one'), settling.isSettling('/r/two')]).toEqual([
    '/r/one',
    true,
    false,
  ])
  settling.brought('/r/one', 'b')
  expect(settling.isSettling('/r/one')).toBe(true)
  settling.brought('/r/one', 'c')
  expect(settling.isSettling('/r/one')).toBe(false)
  await expect(questions.read('take', { path: '/nowhere/at/all' })('a')).rejects.toMatchObject({ code: 'not_found' })
  isDraining = true
  await expect(questions.read('take', { path: '/r/two' })('a')).rejects.toMatchObject({ code: ENDING })
})
