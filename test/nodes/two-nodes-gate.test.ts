/** Who comes to a room of one node over another: the gate of that other admits, and the room knows who it is. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { nodeServers } from '../support/node-servers.ts'
import type { TestServer } from '../support/server.ts'
import { bearer, SECRET, sign } from '../support/tokens.ts'

const { start } = nodeServers()

const locked = defineRoom({
  sends: { you: z.object({ id: z.string(), role: z.unknown(), via: z.string() }) },
  admit: (claims) => claims?.role !== 'guest',
  open: () => ({
    join: (peer) => peer.send('you', { id: peer.id, role: peer.claims?.role, via: peer.via }),
  }),
})

async function startNode(): Promise<TestServer> {
  const line = { definition: locked, auth: { secret: SECRET }, limits: { peers: 2, perAddress: 2 } }
  const node = await start({ rooms: { '/locked': line } })
  return node
}

it('is admitted there by token and `admit`, and counts in the room', async () => {
  const [a, b] = [await startNode(), await startNode()]
  const ann = await a.connect('/locked', {}, { headers: bearer(await sign({ sub: 'ann', role: 'host' })) })
  await ann.next('you')
  const check = async (token: string) => {
    const answer = await fetch(`${b.url}/locked?check=join`, { headers: bearer(token) })
    return answer.status
  }
  expect(await check(await sign({ sub: 'ben', role: 'guest' }))).toBe(403)
  expect(await check('nonsense')).toBe(401)
  const token = await sign({ sub: 'ben', role: 'player' })
  expect(await check(token)).toBe(204)
  const ben = await b.connect('/locked', {}, { headers: bearer(token) })
  expect(await ben.next('you')).toMatchObject({ data: { id: 'ben', role: 'player', via: 'websocket' } })
  // The room is full, wherever its peers are connected.
  expect(await check(await sign({ sub: 'cat' }))).toBe(503)
  await Promise.all([ann.close(), ben.close()])
})
