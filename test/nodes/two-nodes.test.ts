/** Two nodes in one process, on one real Redis: whoever reaches either of them is in the same rooms. Read this first. */
import { describe, expect, it } from 'vitest'
import { defineRoom } from '../../src/define.ts'
import { nodeServers } from '../support/node-servers.ts'
import type { TestServer } from '../support/server.ts'

const ADMIN_TOKEN = 'an operator of two nodes, 32 bytes'.replaceAll(' ', '-')

const { nodes, start } = nodeServers()

const ROOMS = { '/chat': { module: 'chat' }, '/r/:name': { module: 'chat' }, '/echo': { module: 'echo' } }

async function startNode(rooms: Record<string, Record<string, unknown>> = ROOMS): Promise<TestServer> {
  const node = await start({ env: { ADMIN_TOKEN }, rooms })
  return node
}

const json = async (url: string, init?: RequestInit) => (await fetch(url, init)).json()
type Line = { readonly room: string; readonly state: string }
const OPERATOR = { headers: { Authorization: `Bearer ${ADMIN_TOKEN}` } }

describe('two nodes', () => {
  it('are one chat: what is said on either is heard on both, in one order', async () => {
    const [a, b] = [await startNode(), await startNode()]
    const ann = await a.connect('/chat', { name: 'ann', client: 'ann' })
    expect(await ann.next('welcome')).toMatchObject({ data: { you: { name: 'ann' } } })
    const ben = await b.connect('/chat', { name: 'ben', client: 'ben' })
    expect(await ben.next('welcome')).toMatchObject({ data: { you: { name: 'ben' } } })
    expect(await ann.next('enter')).toMatchObject({ data: { name: 'ben' } })
    ann.send('message', { text: 'from a' }, 'a1')
    expect(await ben.next('message')).toMatchObject({ seq: 1, data: { text: 'from a' } })
    expect(await ann.next('message')).toMatchObject({ seq: 1 })
    expect(await ann.next('ack')).toMatchObject({ id: 'a1', seq: 1, kept: 'fsync' })
    ben.send('message', { text: 'from b' }, 'b1')
    expect(await ben.next('message')).toMatchObject({ seq: 2 })
    expect(await ben.next('ack')).toMatchObject({ id: 'b1', seq: 2, kept: 'fsync' })
    expect(await ann.next('message')).toMatchObject({ seq: 2, data: { text: 'from b' } })
    await ben.close()
    expect(await ann.next('leave')).toMatchObject({ data: { name: 'ben' } })
    await ann.close()
  })

  it('answer plain HTTP for a room of the other', async () => {
    const [a, b] = [await startNode(), await startNode()]
    const ann = await a.connect('/r/tea', { name: 'ann' })
    await ann.next('welcome')
    const posted = await fetch(`${b.url}/r/tea?client=web`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify({ type: 'message', data: { text: 'posted' }, id: 'p1' }),
    })
    expect(posted.status).toBe(200)
    expect(await ann.next('message')).toMatchObject({ data: { text: 'posted' } })
    expect(await json(`${b.url}/r/tea?offset=-1`)).toMatchObject([{ type: 'message', data: { text: 'posted' } }])
    const about = { headers: { Accept: 'application/json' } }
    expect(await json(`${b.url}/r/tea`, about)).toMatchObject({ members: { count: 1, names: ['ann'] }, seq: 1 })
    await ann.close()
  })

  it('show the operator and the lobby the rooms of both', async () => {
    const [a, b] = [await startNode(), await startNode()]
    const ann = await a.connect('/r/tea', { name: 'ann' })
    const ben = await b.connect('/r/milk', { name: 'ben' })
    await Promise.all([ann.next('welcome'), ben.next('welcome')])
    for (const { url } of [a, b]) {
      const listed = async (): Promise<{ room: string; node: string }[]> =>
        (await json(`${url}/admin/rooms`, OPERATOR)).rooms
      // A node knows of another with its next beat.
      await expect.poll(async () => (await listed()).map(({ room }) => room)).toEqual(['/r/milk', '/r/tea'])
      expect(new Set((await listed()).map(({ node }) => node)).size).toBe(2)
      const room = await json(`${url}/admin/room?room=/r/tea`, OPERATOR)
      expect(room).toMatchObject({ state: 'open', members: 1, peers: [{ name: 'ann' }] })
    }
    const lobby = async () => json(`${b.url}/`, { headers: { Accept: 'application/json' } })
    await expect
      .poll(async () => (await lobby()).rooms.find(({ path }: { path: string }) => path === '/r/:name').members)
      .toBe(2)
    const kick = { room: '/r/tea', id: (await json(`${b.url}/admin/room?room=/r/tea`, OPERATOR)).peers[0].id }
    const answer = await fetch(`${b.url}/admin/kick`, {
      method: 'POST',
      headers: { ...OPERATOR.headers, 'Content-Type': 'application/json' },
      body: JSON.stringify(kick),
    })
    expect(await answer.json()).toEqual({ kicked: 1 })
    await ben.close()
  })

  it('erase a closed room that only the memory of one has, wherever that is asked', async () => {
    const rooms = { '/r/:name': { module: 'chat', history: { durable: false } } }
    const [a, b] = [await startNode(rooms), await startNode(rooms)]
    const ann = await a.connect('/r/tea', { name: 'ann' })
    await ann.next('welcome')
    ann.send('message', { text: 'secret' }, 'a1')
    await ann.next('ack')
    await ann.close()
    const headers = { ...OPERATOR.headers, 'Content-Type': 'application/json' }
    const act = async (url: string) => json(url, { method: 'POST', body: '{"room":"/r/tea"}', headers })
    expect(await act(`${a.url}/admin/restart`)).toEqual({ restarted: true })
    expect(await json(`${b.url}/admin/room?room=/r/tea`, OPERATOR)).toMatchObject({ state: 'closed', seq: 1 })
    expect(await act(`${b.url}/admin/erase`)).toEqual({ erased: true })
    expect(await json(`${a.url}/r/tea?offset=-1`)).toEqual([])
  })

  it('show a room as it is where it is open, not where it did not open', async () => {
    const broken = defineRoom({
      open() {
        throw new Error('no database')
      },
    })
    const open = defineRoom({ open: () => ({}) })
    const [a, b] = [
      await startNode({ '/fickle': { definition: broken } }),
      await startNode({ '/fickle': { definition: open } }),
    ]
    a.expectError(/open failed/)
    await expect(a.connect('/fickle')).rejects.toThrow('503')
    const ben = await b.connect('/fickle')
    for (const { url } of [a, b]) {
      const states = async () =>
        (await json(`${url}/admin/rooms`, OPERATOR)).rooms.map(({ room, state }: Line) => `${room} ${state}`)
      await expect.poll(states).toEqual(['/fickle open'])
    }
    await ben.close()
  })

  it('hand a room over when its node stops, and its peers elsewhere keep their connections', async () => {
    const [a, b] = [await startNode(), await startNode()]
    const ann = await a.connect('/r/moved', { name: 'ann', client: 'ann' })
    const ben = await b.connect('/r/moved', { name: 'ben', client: 'ben' })
    await Promise.all([ann.next('welcome'), ben.next('welcome')])
    ben.send('message', { text: 'before' }, 'b1')
    expect(await ben.next('ack')).toMatchObject({ seq: 1 })
    nodes.splice(nodes.indexOf(a), 1)
    await a.close()
    expect(await ben.next('welcome')).toMatchObject({ data: { resumed: true, you: { name: 'ben' } } })
    ben.send('message', { text: 'after' }, 'b2')
    expect(await ben.next('message')).toMatchObject({ seq: 2, data: { text: 'after' } })
    expect(await ben.next('ack')).toMatchObject({ id: 'b2', seq: 2 })
    await ben.close()
  })
})
