/** `room.send` to a room of another node: over the link, with the chain and what is left of its time. */
import { expect, it } from 'vitest'
import { RoomError } from '../../src/errors.ts'
import { RoomMessages } from '../../src/nodes/owner/room-messages.ts'
import type { Home } from '../../src/nodes/ownership.ts'
import type { ChainedMessage } from '../../src/room/room-message.ts'
import { DELAY_MS, linkedNodes } from '../support/linked-nodes.ts'

const MESSAGE = { from: '/here', path: '/there', type: 'say', data: { text: 'x' }, id: 'm1' }

async function stage(home: Home = { at: 'there', node: 'b', term: 1 }) {
  const { clock, nodes, network } = await linkedNodes('a', 'b')
  const [a, b] = nodes
  if (!a || !b) throw new Error('expected two nodes')
  let isTaken = false
  const doubts: string[] = []
  const doubt = (path: string, node: string, why: string) => void doubts.push(`${path} ${node} ${why}`)
  const find = async (): Promise<Home> => (isTaken && doubts.length > 0 ? { at: 'here' } : home)
  const messages = new RoomMessages({ clock, links: a.links, ownership: { find, doubt } })
  const delivered: ChainedMessage[] = []
  let answer = async () => ({ seq: 5, kept: 'fsync' as const })
  messages.answer(b.questions, (message) => {
    delivered.push(message)
    return answer()
  })
  const send = async (withinMs = 5000) => {
    const chain = { paths: ['/here'], untilMs: clock.monotonic() + withinMs }
    const sent = messages.send({ ...MESSAGE, chain })
    sent.catch(() => {})
    await clock.advance(10 * DELAY_MS)
    return sent
  }
  const fail = (error: Error) => {
    answer = () => Promise.reject(error)
  }
  const take = () => {
    isTaken = true
  }
  return { send, delivered, fail, network, clock, doubts, take }
}

it('is delivered there, and its answer comes back', async () => {
  const { send, delivered, clock } = await stage()
  const began = clock.monotonic()
  expect(await send(3000)).toEqual({ seq: 5, kept: 'fsync' })
  const [message] = delivered
  expect(message).toMatchObject({ ...MESSAGE, chain: { paths: ['/here'] } })
  // By the clock of that node, no later than the sender waits for it but for the time on the way.
  expect((message?.chain.untilMs ?? 0) - began).toBeGreaterThanOrEqual(3000)
  expect((message?.chain.untilMs ?? 0) - began).toBeLessThanOrEqual(3000 + DELAY_MS)
})

it('rejects with the error of that room', async () => {
  const { send, fail } = await stage()
  fail(new RoomError('full', 'no more', { most: 5 }))
  await expect(send()).rejects.toMatchObject({ code: 'full', message: 'no more', details: { most: 5 } })
})

it('is unavailable where that node cannot be reached', async () => {
  const { send, network } = await stage()
  network.refuse('a', 'b')
  await expect(send()).rejects.toMatchObject({ code: 'unavailable', message: expect.not.stringContaining('b:1') })
})

it('is delivered here where the room is taken from a node that does not answer', async () => {
  const { send, network, doubts, take } = await stage()
  network.refuse('a', 'b')
  take()
  expect(await send()).toBe(undefined)
  expect(doubts).toEqual(['/there b refused'])
})

it('goes nowhere for a room that is here', async () => {
  const { send, delivered } = await stage({ at: 'here' })
  expect(await send()).toBe(undefined)
  expect(delivered).toEqual([])
})
