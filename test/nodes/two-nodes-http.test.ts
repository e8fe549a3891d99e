/** Plain HTTP at a node for a room of another, on one real Redis: what the owner says is what the client gets. */
import { describe, expect, it } from 'vitest'
import { openStream } from '../support/event-stream.ts'
import { nodeServers } from '../support/node-servers.ts'
import type { TestServer } from '../support/server.ts'
import { SECRET, sign } from '../support/tokens.ts'

const JSON_TYPE = { 'Content-Type': 'application/json' }
const AS_JSON = { headers: { Accept: 'application/json' } }

const { nodes, start } = nodeServers()

async function startNode(env: Record<string, string> = {}): Promise<TestServer> {
  const node = await start({
    env,
    rooms: {
      '/r/:name': { module: 'chat', history: { keep: 5 }, limits: { payload: '1KiB' } },
      '/closed': { module: 'chat', auth: { secret: SECRET } },
      '/echo': { module: 'echo' },
    },
  })
  // Of two that end at once.
  node.expectError(/heir did not open it/)
  return node
}

/** A room that lives on the first of two nodes. */
async function pair(path: string) {
  const [owner, edge] = [await startNode(), await startNode()]
  const ann = await owner.connect(path, { name: 'ann', client: 'ann' })
  await ann.next('welcome')
  return { owner, edge, ann, at: `${edge.url}${path}`, home: `${owner.url}${path}` }
}

const say = (url: string, text: string, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ type: 'message', data: { text } }),
  })

/** What of an answer may not differ. */
async function shown(response: Response) {
  const headers = Object.fromEntries(response.headers)
  delete headers.date
  return { status: response.status, headers, body: await response.text() }
}

describe('at another node', () => {
  it('reads, and what is asked of them, have the answers of the owner to the letter', async () => {
    const { ann, at, home } = await pair('/r/letter')
    for (const text of ['1', '2', '3', '4', '5', '6', '7']) expect((await say(at, text)).status).toBe(204)
    const { headers } = await fetch(`${home}?offset=-1`)
    const tag = headers.get('etag') ?? ''
    const cases: [string, RequestInit?][] = [
      ['?offset=-1'],
      ['?offset=-1', { headers: { 'If-None-Match': tag } }],
      ['?offset=-1&limit=2'],
      ['?before=now&limit=2'],
      ['?offset=-1', { method: 'HEAD' }],
      ['', { method: 'HEAD' }],
      ['', AS_JSON],
      ['', { headers: { Accept: 'application/json', Origin: 'https://elsewhere.example' } }],
      ['?offset=now&live=long-poll', { method: 'HEAD' }],
      ['?offset=x'],
      [`?offset=${headers.get('stream-next-offset')?.replace(/\d+$/, '0000000000000001')}`],
      ['', { method: 'POST', headers: JSON_TYPE, body: '{"type":"none"}' }],
      ['', { method: 'POST', headers: JSON_TYPE, body: 'x'.repeat(1025) }],
      ['', { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'x' }],
      ['', { method: 'PUT', headers: JSON_TYPE, body: '{}' }],
      ['', { method: 'OPTIONS' }],
    ]
    const statuses: number[] = []
    for (const [query, init] of cases) {
      const [there, here] = [await shown(await fetch(at + query, init)), await shown(await fetch(home + query, init))]
      expect(there, `${init?.method ?? 'GET'} ${query}`).toEqual(here)
      statuses.push(there.status)
    }
    expect(statuses).toEqual([200, 304, 200, 200, 200, 200, 200, 403, 200, 400, 410, 400, 413, 409, 405, 204])
    await ann.close()
  })

  it('a reader and a long poll hear what is said from then on', async () => {
    const { ann, at } = await pair('/r/live')
    const reader = await openStream(`${at}?offset=now&live=sse`)
    const { streamNextOffset } = await reader.control()
    const polled = fetch(`${at}?offset=${streamNextOffset}&live=long-poll`)
    ann.send('message', { text: 'live' })
    expect(await reader.data()).toMatchObject([{ seq: 1, data: { text: 'live' } }])
    expect(await (await polled).json()).toMatchObject([{ seq: 1 }])
    reader.close()
    await ann.close()
  })

  it('a reader ends soon with the node that it reads at', async () => {
    const [owner, edge] = [await startNode(), await startNode({ DRAIN_MS: '600000' })]
    const ann = await owner.connect('/r/ends', { name: 'ann', client: 'ann' })
    await ann.next('welcome')
    const reader = await openStream(`${edge.url}/r/ends?offset=now&live=sse`)
    await reader.control()
    nodes.splice(nodes.indexOf(edge), 1)
    // It would be waited for to the end of the time.
    await Promise.all([edge.close(), reader.ended])
    await ann.close()
  })

  it('a stream that is a peer posts at any node', async () => {
    const { ann, at, home, edge } = await pair('/r/posts')
    const ben = await openStream(`${at}?client=ben&name=ben&live=sse`)
    const { peer = '' } = await ben.control()
    expect(await ann.next('enter')).toMatchObject({ data: { name: 'ben' } })
    const third = await startNode()
    for (const url of [home, at, `${third.url}/r/posts`]) {
      // A node knows of another with its next beat.
      await expect.poll(async () => (await say(url, url, { 'Corridor-Peer': peer })).status).toBe(204)
      expect(await ann.next('message')).toMatchObject({ data: { from: { name: 'ben' }, text: url } })
    }
    expect((await say(home, 'x', { 'Corridor-Peer': `${peer}x` })).status).toBe(404)
    nodes.splice(nodes.indexOf(edge), 1)
    ben.close()
    await edge.close()
    expect((await say(home, 'x', { 'Corridor-Peer': peer })).status).toBe(404)
    await ann.close()
  })

  it('who may not come in is told so by the owner', async () => {
    const [owner, edge] = [await startNode(), await startNode()]
    const token = await sign({ sub: 'ann' })
    const ann = await owner.connect('/closed', {}, { headers: { Authorization: `Bearer ${token}` } })
    await ann.next('welcome')
    const at = `${edge.url}/closed`
    const mine = { Authorization: `Bearer ${token}` }
    expect((await fetch(`${at}?offset=-1`)).status).toBe(401)
    expect((await say(at, 'x')).status).toBe(401)
    expect((await say(at, 'x', mine)).status).toBe(204)
    expect(await (await fetch(`${at}?offset=-1`, { headers: mine })).json()).toMatchObject([{ data: { text: 'x' } }])
    await ann.close()
  })

  it('readers end when their node does, and come back elsewhere with their offset', async () => {
    const { ann, at, home, edge } = await pair('/r/readers')
    const reader = await openStream(`${at}?offset=now&live=sse`)
    await reader.control()
    ann.send('message', { text: 'before' })
    await reader.data()
    const { streamNextOffset } = await reader.control()
    nodes.splice(nodes.indexOf(edge), 1)
    await edge.close()
    await reader.ended
    ann.send('message', { text: 'after' })
    const again = await openStream(`${home}?offset=${streamNextOffset}&live=sse`)
    expect(await again.data()).toMatchObject([{ seq: 2, data: { text: 'after' } }])
    again.close()
    await ann.close()
  })

  it('readers go on at the same node after the room has moved to it', async () => {
    const { ann, at, owner } = await pair('/r/moves')
    const reader = await openStream(`${at}?offset=now&live=sse`)
    await reader.control()
    ann.send('message', { text: 'before' })
    await reader.data()
    const { streamNextOffset } = await reader.control()
    nodes.splice(nodes.indexOf(owner), 1)
    await owner.close()
    await reader.ended
    expect((await say(at, 'after')).status).toBe(204)
    const page = await (await fetch(`${at}?offset=${streamNextOffset}`)).json()
    expect(page).toMatchObject([{ seq: 2, data: { text: 'after' } }])
  })
})
