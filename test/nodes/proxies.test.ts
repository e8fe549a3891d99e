/**
 * Real nodes behind each proxy with the files that ship, with any balancing: everyone is in one room, by every transport,
 * also after a node has died; and nobody gets at the links through the proxy.
 */
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { LINK_PATH } from '../../src/nodes/link-handshake.ts'
import { caddy } from '../proxies/caddy.ts'
import { haproxy } from '../proxies/haproxy.ts'
import { nginx } from '../proxies/nginx.ts'
import type { RunningProxy } from '../proxies/proxy.ts'
import { type Client, connect, refused } from '../support/client.ts'
import { need } from '../support/components.ts'
import { type EventStreamReader, openStream } from '../support/event-stream.ts'
import { connectSocketIo } from '../support/socketio-peer.ts'
import { Cluster } from './cluster.ts'

const ROOMS = { '/r/:name': { module: fileURLToPath(new URL('../../rooms/chat.ts', import.meta.url)) } }
const PEERS = 12

const redis = need('redis') ?? ''
let cluster: Cluster
beforeAll(async () => {
  cluster = await Cluster.start(redis, { rooms: ROOMS, env: { TRUST_PROXY: '127.0.0.1' } })
})
afterAll(() => cluster.remove())

describe.each([nginx, haproxy, caddy])('$component', (kind) => {
  const program = need(kind.component) ?? ''
  const room = (name: string) => `/r/${kind.component}-${name}`
  let proxy: RunningProxy
  let url: string
  let ends: (() => unknown)[] = []

  beforeAll(async () => {
    proxy = await kind.start(program, { servers: cluster.nodes.map(({ place }) => place.port), areNodes: true })
    url = `http://127.0.0.1:${proxy.port}`
  })
  afterEach(() => {
    for (const end of ends.splice(0)) end()
    ends = []
  })
  afterAll(() => proxy.stop())

  async function enter(path: string, name: string): Promise<Client> {
    const client = await connect(`${url.replace('http', 'ws')}${path}?name=${name}&client=${name}`)
    ends.push(() => client.terminate())
    return client
  }

  const crowd = (path: string) => Promise.all(Array.from({ length: PEERS }, (_, n) => enter(path, `peer${n}`)))

  it('brings everyone into one room, by every transport', async () => {
    const path = room('all')
    const clients = await crowd(path)
    const stream = await openStream(`${url}${path}?live=sse&client=ann&name=ann`)
    ends.push(() => stream.close())
    const token = await tokenOf(stream)
    const polling = await connectSocketIo(`${url}${path}`, { transports: ['polling'], auth: { name: 'polling' } })
    const upgraded = await connectSocketIo(`${url}${path}`, { auth: { name: 'upgraded' } })
    ends.push(
      () => polling.close(),
      () => upgraded.close(),
    )
    for (const [n, client] of clients.entries()) client.send('message', { text: `of ${n}` }, `${n}`)
    await post(`${url}${path}`, 'posted')
    await post(`${url}${path}`, 'by the stream', { 'Corridor-Peer': token })
    polling.send('message', { text: 'polled' }, 'a')
    upgraded.send('message', { text: 'upgraded' }, 'b')
    const texts = [...clients.map((_, n) => `of ${n}`), 'posted', 'by the stream', 'polled', 'upgraded']
    const heard = await Promise.all([...clients, polling, upgraded].map((peer) => textsOf(peer, texts.length)))
    expect(heard[0]?.toSorted()).toEqual(texts.sort())
    for (const each of heard) expect(each).toEqual(heard[0])
    const { members } = await (await fetch(`${url}${path}`)).json()
    expect(members.count).toBe(PEERS + 3)
  })

  it('leads nobody to a link', async () => {
    const { status } = await refused(`${url.replace('http', 'ws')}${LINK_PATH}`)
    expect([status, (await fetch(`${url}${LINK_PATH}`)).status]).toEqual([404, 404])
  })

  it('brings everyone back who was at a node that died', async () => {
    const path = room('death')
    const clients = new Map((await crowd(path)).map((client, n) => [`peer${n}`, client]))
    for (const client of clients.values()) await client.next('welcome')
    const dead = cluster.node((await cluster.ownerOf(path)) ?? 0)
    await dead.kill()
    let stayed = 0
    for (const [name, client] of clients) {
      // Or its connection was to the node that died.
      const welcome = await client.next('welcome').catch(() => undefined)
      if (welcome) stayed += 1
      if (welcome) expect(welcome).toMatchObject({ data: { resumed: true } })
      else clients.set(name, await enter(path, name))
    }
    expect(stayed).toBeGreaterThan(0)
    expect(stayed).toBeLessThan(PEERS)
    await post(`${url}${path}`, 'still here')
    for (const client of clients.values())
      expect(await client.next('message')).toMatchObject({ seq: 1, data: { text: 'still here' } })
    await dead.start()
    await cluster.heard()
  })
})

async function tokenOf(stream: EventStreamReader): Promise<string> {
  for (;;) {
    const { peer } = await stream.control()
    if (peer) return peer
  }
}

async function post(url: string, text: string, headers: Record<string, string> = {}): Promise<void> {
  const body = JSON.stringify({ type: 'message', data: { text } })
  const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body })
  expect(answer.status).toBe(204)
}

/** In the order in which it hears them. */
async function textsOf(peer: Pick<Client, 'next'>, count: number): Promise<string[]> {
  const heard = []
  while (heard.length < count) heard.push((await peer.next<{ text: string }>('message')).data.text)
  return heard
}
