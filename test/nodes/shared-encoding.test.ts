/** What a room of another node says is encoded once for all peers of an edge that speak alike. On one real Redis. */
import { expect, it, vi } from 'vitest'
import { NamespaceEncoding } from '../../src/transports/socketio/namespace-encoding.ts'
import { edgeCluster } from '../support/edge-cluster.ts'
import { nodeServers } from '../support/node-servers.ts'
import { joinBy } from '../support/socketio-peer.ts'

const { start } = nodeServers()
const PEERS = 8

it('a packet for many Socket.IO peers of an edge is made once', async () => {
  const rooms = { '/chat': { module: 'chat' } }
  const [owner, edge] = [await start({ rooms }), await start({ rooms })]
  const ann = await owner.connect('/chat', { name: 'ann' })
  await ann.next('welcome')
  const join = joinBy('websocket')
  const peers = await Promise.all(Array.from({ length: PEERS }, (_, n) => join(edge, '/chat', { name: `peer ${n}` })))
  await Promise.all(peers.map((peer) => peer.next('welcome')))
  const encode = vi.spyOn(NamespaceEncoding.prototype, 'encode')
  try {
    ann.send('message', { text: 'to all' }, 'a1')
    for (const peer of peers) expect(await peer.next('message')).toMatchObject({ data: { text: 'to all' } })
    expect(encode.mock.calls.filter(([{ type }]) => type === 'message').length).toBe(1)
  } finally {
    encode.mockRestore()
    for (const peer of peers) peer.terminate()
  }
})

it('peers that waited for their places have the same room, each with the time at which it asked', async () => {
  const { clock, edge, route } = await edgeCluster()
  const coming = { client: undefined, offset: undefined, isStream: false }
  const first = edge.nodeRooms.reserveJoin(route, coming)
  await clock.advance(100)
  const second = edge.nodeRooms.reserveJoin(route, coming)
  await clock.advance(100)
  const places = await Promise.all([first, second])
  expect(places[0]?.room).toBe(places[1]?.room)
  expect((places[1]?.begunMs ?? 0) - (places[0]?.begunMs ?? 0)).toBe(100)
})
