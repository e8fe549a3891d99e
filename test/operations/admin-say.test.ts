/** What the operator says in rooms: as whom, past what, and with which answers. */
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import notes from '../support/notes.ts'
import { ADMIN_TOKEN, operatorOf } from '../support/operator.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { SECRET } from '../support/tokens.ts'

let server: TestServer
afterEach(() => server.close())

const { look, act } = operatorOf(() => server)
const start = (rooms: Record<string, Record<string, unknown>>, env = {}) =>
  startServer({ rooms, env: { ADMIN_TOKEN, ...env } })

describe('/admin/say', () => {
  const said: unknown[] = []
  const talk = defineRoom({
    receives: { say: z.object({ text: z.string() }) },
    sends: { said: z.string() },
    admit: () => false,
    open: (room) => ({
      receive: {
        say(peer, { text }) {
          said.push([peer.id, peer.name, peer.via, peer.isMember])
          return room.publish('said', text)
        },
      },
    }),
  })

  it('says a message as the peer "admin", past auth, admit and rates, and once for an id', async () => {
    const limits = { rate: { perSecond: 0.1, burst: 1 } }
    server = await start({ '/talk': { definition: talk, limits, auth: { secret: SECRET } } })
    const say = (text: unknown, id?: string) => act('say', { room: '/talk', type: 'say', data: { text }, id })
    expect(await say('a')).toEqual([200, { seq: 1, kept: 'memory' }])
    expect(await say('b', '1')).toEqual([200, { seq: 2, kept: 'memory' }])
    expect(await say('b', '1')).toEqual([200, { seq: 2, kept: 'memory', duplicate: true }])
    expect(await say('c', '1')).toMatchObject([409, { error: 'conflict' }])
    expect(await say('d', '2')).toEqual([200, { seq: 3, kept: 'memory' }])
    expect(said).toEqual(Array.from({ length: 3 }, () => ['admin', 'admin', 'admin', false]))
    expect(await look('/talk')).toMatchObject({ state: 'open', members: 0, seq: 3, peers: [] })
  })

  it('is answered with the errors of a message', async () => {
    server = await start({ '/notes': { definition: notes, limits: { payload: '100B' } }, '/echo': {} })
    const say = (type: string, data: unknown, room = '/notes') => act('say', { room, type, data })
    server.expectError(/receive handler failed/)
    expect(await say('nothing', {})).toMatchObject([400, { error: 'unknown_type' }])
    expect(await say('note', { text: 7 })).toMatchObject([400, { error: 'invalid', issues: [{ path: ['text'] }] }])
    expect(await say('note', { text: 'x'.repeat(100) })).toMatchObject([400, { error: 'bad_message' }])
    expect(await say('fail', { code: 'mine' })).toMatchObject([400, { error: 'mine' }])
    expect(await say('fail', { code: 'forbidden' })).toMatchObject([403, { error: 'forbidden' }])
    expect(await say('fail', { code: 'bug' })).toMatchObject([500, { error: 'internal' }])
    expect(await say('note', { text: 'x' }, '/echo')).toMatchObject([405, { error: 'raw_room' }])
  })

  it('has ids of its own: no client can say what the operator says under one', async () => {
    server = await start({ '/notes': { definition: notes } })
    for (const client of ['admin', '%20admin']) {
      const body = JSON.stringify({ type: 'note', data: { text: 'x' }, id: '1' })
      await fetch(`${server.url}/notes?client=${client}&name=admin`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
    }
    expect(await act('say', { room: '/notes', type: 'note', data: { text: 'y' }, id: '1' })).toMatchObject([
      200,
      { seq: 2 },
    ])
  })
})
