/** A room sends to a room of another node, on one real Redis. */
import { defineRoom, RoomError } from 'corridor'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { nodeServers } from '../support/node-servers.ts'
import type { TestServer } from '../support/server.ts'

const { start } = nodeServers()

/** Passes on what it receives, and says what came of it. */
const sender = defineRoom({
  receives: { pass: z.object({ to: z.string(), text: z.string(), id: z.string().optional() }) },
  sends: { passed: z.unknown() },
  open: (room) => ({
    receive: {
      async pass(peer, { to, text, id }) {
        peer.send('passed', await room.send(to, 'take', text, { ...(id && { id }) }))
      },
    },
  }),
})

const taker = defineRoom({
  receives: { take: z.string() },
  sends: { taken: z.object({ from: z.string(), via: z.string(), text: z.string() }) },
  open: (room) => ({
    receive: {
      take({ id, via }, text) {
        if (text === 'no') throw new RoomError('full', 'no more')
        return room.publish('taken', { from: id, via, text })
      },
    },
  }),
})

async function startNode(): Promise<TestServer> {
  const node = await start({
    rooms: { '/sender': { definition: sender }, '/taker': { definition: taker } },
  })
  return node
}

it('is handled there once, and its answer or error comes back', async () => {
  const [a, b] = [await startNode(), await startNode()]
  const ben = await b.connect('/taker', { name: 'ben' })
  await ben.next('welcome')
  const ann = await a.connect('/sender', { name: 'ann' })
  await ann.next('welcome')
  ann.send('pass', { to: '/taker', text: 'one', id: 'p1' }, 'm1')
  expect(await ben.next('taken')).toMatchObject({ seq: 1, data: { from: '/sender', via: 'room', text: 'one' } })
  expect(await ann.next('passed')).toMatchObject({ data: { seq: 1, kept: 'fsync' } })
  ann.send('pass', { to: '/taker', text: 'one', id: 'p1' }, 'm2')
  expect(await ann.next('passed')).toMatchObject({ data: { seq: 1, duplicate: true } })
  ann.send('pass', { to: '/taker', text: 'no' }, 'm3')
  expect(await ann.next('error')).toMatchObject({ id: 'm3', data: { code: 'full', message: 'no more' } })
  ann.send('pass', { to: '/nowhere', text: 'x' }, 'm4')
  expect(await ann.next('error')).toMatchObject({ id: 'm4', data: { code: 'not_found' } })
})
