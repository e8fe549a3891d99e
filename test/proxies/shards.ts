/** Several servers behind a proxy with the files that ship: each room has one server, and keeps it. */
import { describe, expect, it } from 'vitest'
import { connect, refused } from '../support/client.ts'
import { startServer } from '../support/server.ts'
import { ask } from './http.ts'
import type { ProxyKind } from './proxy.ts'
import { type Scene, stageOf } from './stage.ts'

const ROOMS = Array.from({ length: 16 }, (_, index) => `/r/room-${index}`)

export function describeShards(kind: ProxyKind): void {
  describe(`${kind.component} before several servers`, () => {
    const stage = stageOf(kind)

    it('sends everyone in a room to the same server, and rooms to both', async () => {
      const scene = await stage.open({ servers: 2 })
      const { url, ws } = scene
      for (const room of ROOMS) {
        // By another query, in another writing, by another way: it is the same room.
        const written = `${room.replace('room', 'r%6fom')}/`
        const ann = await connect(`${ws}${room}?name=ann&client=a`)
        const ben = await connect(`${ws}${written}?name=ben`)
        ann.send('message', { text: room })
        expect(await ben.next('message')).toMatchObject({ seq: 1, data: { text: room } })
        const body = JSON.stringify({ type: 'message', data: { text: 'posted' } })
        const headers = { 'Content-Type': 'application/json' }
        expect((await ask(`${url}${written}?name=cleo`, { method: 'POST', headers, body })).status).toBe(204)
        expect(await ann.next('message')).toMatchObject({ seq: 1 })
        expect(await ann.next('message')).toMatchObject({ seq: 2, data: { text: 'posted' } })
        expect(JSON.parse((await ask(`${url}${room}?offset=-1&x=${room}`)).body).length).toBe(2)
        expect(JSON.parse((await ask(`${url}${room}`)).body)).toMatchObject({ members: { count: 2 }, seq: 2 })
        await Promise.all([ann.close(), ben.close()])
      }
      const counts = await Promise.all(scene.servers.map(({ url }) => openRooms(url)))
      expect(counts[0]).toBeGreaterThan(0)
      expect(counts[1]).toBeGreaterThan(0)
      expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(ROOMS.length)
    })

    it('leaves a room where it is while its server is away, and brings its people back there', async () => {
      const scene = await stage.open({ servers: 2 })
      const { ws, servers } = scene
      const [away, other] = servers
      const [room, neighbour] = await roomsOf(scene)
      const port = String(away?.port)
      await away?.server.close()
      const there = await connect(`${ws}${neighbour}`)
      expect(await there.next('welcome')).toBeDefined()
      await there.close()
      expect(await refused(`${ws}${room}`)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
      // An EventSource would take the status for the last word.
      const stream = await ask(`${scene.url}${room}?offset=-1&live=sse`)
      expect([stream.status, stream.headers['content-type']]).toEqual([200, 'text/event-stream'])
      expect(await openRooms(other?.url ?? '', room)).toBe(0)
      const back = await startServer({ env: { PORT: port, TRUST_PROXY: '127.0.0.1' } })
      stage.defer(() => back.close())
      const again = await connect(`${ws}${room}`)
      expect(await again.next('welcome')).toBeDefined()
      expect(await openRooms(back.url, room)).toBe(1)
      await again.close()
    }, 40_000)
  })
}

/** A room of the first server, and one of the second. */
async function roomsOf({ url, servers }: Scene): Promise<[string, string]> {
  const found: (string | undefined)[] = [undefined, undefined]
  for (const room of ROOMS) {
    const headers = { 'Content-Type': 'application/json' }
    const body = JSON.stringify({ type: 'message', data: { text: 'x' } })
    await ask(`${url}${room}`, { method: 'POST', headers, body })
    for (const [index, server] of servers.entries()) if (await openRooms(server.url, room)) found[index] ??= room
  }
  if (!found[0] || !found[1]) throw new Error(`expected a room on each server, got ${found}`)
  return [found[0], found[1]]
}

/** How many of our rooms are open on a server itself. */
async function openRooms(url: string, room?: string): Promise<number> {
  const { rooms } = JSON.parse((await ask(`${url}/`)).body) as { rooms: { path: string; open?: { path: string }[] }[] }
  const open = rooms.flatMap(({ open = [] }) => open.map(({ path }) => path))
  return open.filter((path) => (room === undefined ? ROOMS.includes(path) : path === room)).length
}
