/** One of two nodes ends: its rooms are the other's, and nobody in them is announced to leave. On one real Redis. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { systemRandom } from '../../src/random.ts'
import { nodeServers } from '../support/node-servers.ts'
import type { TestServer } from '../support/server.ts'

const { nodes, start } = nodeServers()

async function startNode(): Promise<TestServer> {
  const node = await start({
    rooms: { '/chat': { module: 'chat' }, '/echo': { module: 'echo' } },
  })
  return node
}

const description = async (node: TestServer) =>
  (await fetch(`${node.url}/chat`, { headers: { Accept: 'application/json' } })).json()

it('moves its rooms: peers of the other node stay, its own come back and are who they were', async () => {
  const [a, b] = [await startNode(), await startNode()]
  const ann = await a.connect('/chat', { name: 'ann', client: 'ann' })
  const welcome = await ann.next<{ you: { id: string } }>('welcome')
  const ben = await b.connect('/chat', { name: 'ben', client: 'ben' })
  await ben.next('welcome')
  ann.send('message', { text: 'before' }, 'a1')
  await ben.next('message')
  await ann.next('ack')

  const ended = a.close()
  nodes.splice(nodes.indexOf(a), 1)
  expect(await ben.next('welcome')).toMatchObject({ data: { you: { name: 'ben' }, resumed: true, seq: 1 } })
  const { code, reason } = await ann.closed
  expect([code, reason]).toEqual([1012, expect.stringMatching(/come back in \d+ ms/)])
  // The other node is there: nobody needs to wait for a start.
  expect(Number(/\d+/.exec(reason))).toBeLessThan(300)
  const back = await b.connect('/chat', { name: 'ann', client: 'ann', offset: 'now' })
  expect((await back.next<{ you: { id: string } }>('welcome')).data.you.id).toBe(welcome.data.you.id)
  back.send('message', { text: 'after' }, 'a2')
  const heard = [await ben.next()]
  while (heard.at(-1)?.type !== 'message') heard.push(await ben.next())
  expect(heard.at(-1)).toMatchObject({ seq: 2, data: { text: 'after' } })
  expect(heard.map(({ type }) => type).filter((type) => type === 'enter' || type === 'leave')).toEqual([])
  await ended
  expect((await description(b)).members.count).toBe(2)
})

it('does not count on a node that ends too', async () => {
  const begun = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const slow = defineRoom({
    receives: { think: z.object({}) },
    open: () => ({
      receive: {
        think() {
          begun.resolve()
          return answer.promise
        },
      },
    }),
  })
  const rooms = { '/chat': { module: 'chat' }, '/slow': { definition: slow } }
  const env = { DRAIN_MS: '60000' }
  const a = await start({ rooms, env, random: { ...systemRandom(), fraction: () => 0.9 } })
  const b = await start({ rooms, env })
  for (const node of [a, b]) node.expectError(/heir did not open it/)
  const ann = await a.connect('/chat', { name: 'ann', client: 'ann' })
  await ann.next('welcome')
  // Its answer holds the end of its node up.
  const ben = await b.connect('/slow', { client: 'ben' })
  await ben.next('welcome')
  ben.send('think', {}, 'one')
  await begun.promise
  nodes.splice(0)
  const ends = [b.close()]
  await expect.poll(async () => (await fetch(`${b.url}/readyz`)).status).toBe(503)
  ends.push(a.close())
  // As long as where it ends alone.
  expect((await ann.closed).reason).toContain('come back in 4500 ms')
  answer.resolve()
  await Promise.all(ends)
})

it('takes messages meanwhile: they wait at the edges', async () => {
  const [a, b] = [await startNode(), await startNode()]
  const ann = await a.connect('/chat', { name: 'ann', client: 'ann' })
  await ann.next('welcome')
  const ben = await b.connect('/chat', { name: 'ben', client: 'ben' })
  await ben.next('welcome')
  const ended = a.close()
  nodes.splice(nodes.indexOf(a), 1)
  // One after the other, below its rate.
  for (let sent = 1; sent <= 30; sent += 1) {
    ben.send('message', { text: `${sent}` }, `m${sent}`)
    expect(await ben.next('ack')).toMatchObject({ id: `m${sent}` })
  }
  await ended
})
