/**
 * A reload that gives a path to another line of rooms.json, whatever the reason: the room that was open there closes, and
 * nobody who was checked by the old line gets into the room of the new one.
 */
import { afterEach, expect, it } from 'vitest'
import { defineRoom } from '../../src/define.ts'
import type { Client } from '../support/client.ts'
import notes from '../support/notes.ts'
import { type Line, startServer, type TestServer } from '../support/server.ts'
import { joinStream } from '../support/stream-peer.ts'
import { bearer, SECRET, sign } from '../support/tokens.ts'

let server: TestServer
afterEach(() => server.close())

const says = (word: string) => defineRoom({ open: () => ({ message: (peer) => peer.send(word) }) })
const open = { definition: says('open') }
const vip = { definition: says('vip'), auth: { secret: SECRET } }

async function heard(client: Client): Promise<string> {
  client.sendText('?')
  return client.nextText()
}

it.each<[string, Record<string, Line>, Record<string, Line>]>([
  ['a static path over a parameter', { '/r/:name': open }, { '/r/:name': open, '/r/vip': vip }],
  ['a static path beside the parameter that is removed', { '/r/:name': open }, { '/r/vip': vip }],
  ['a parameter with more of the path over one with less', { '/:a/:b': open }, { '/:a/:b': open, '/r/:name': vip }],
])('%s closes the open room, and its guests need a token', async (_, before, after) => {
  server = await startServer({ rooms: before })
  const guest = await server.connect('/r/vip', { client: 'guest' })
  expect(await heard(guest)).toBe('open')
  await server.reload({ rooms: after })
  expect(await guest.closed).toMatchObject({ code: 1012 })
  await expect(server.connect('/r/vip', { client: 'guest' })).rejects.toThrow('401')
  const member = await server.connect('/r/vip', {}, { headers: bearer(await sign({ sub: 'ann' })) })
  expect(await heard(member)).toBe('vip')
})

it('a static path that is removed leaves its path to the parameter, and no room of the old line', async () => {
  server = await startServer({ rooms: { '/r/:name': open, '/r/vip': vip } })
  const headers = bearer(await sign({ sub: 'ann' }))
  const member = await server.connect('/r/vip', {}, { headers })
  const other = await server.connect('/r/tea')
  await server.reload({ rooms: { '/r/:name': open } })
  expect(await member.closed).toMatchObject({ code: 1012 })
  expect(await heard(await server.connect('/r/vip'))).toBe('open')
  // Nothing changed there.
  expect(await heard(other)).toBe('open')
})

it('a path that nothing is left for closes with 1001', async () => {
  server = await startServer({ rooms: { '/r/:name': open, '/chat': open } })
  const guest = await server.connect('/r/vip')
  await server.reload({ rooms: { '/chat': open } })
  expect(await guest.closed).toMatchObject({ code: 1001 })
})

it('the peer of an event stream is closed too, and its posts are refused', async () => {
  server = await startServer({ rooms: { '/r/:name': { definition: notes } } })
  const guest = await joinStream(`${server.url}/r/vip`, { client: 'guest' })
  await guest.next('welcome')
  await server.reload({
    rooms: { '/r/:name': { definition: notes }, '/r/vip': { definition: notes, auth: { secret: SECRET } } },
  })
  expect(await guest.closed).toMatchObject({ code: 1012 })
  expect(await guest.send('note', { text: 'still here' })).toBe(401)
})

it('a peer that the old line admitted during the reload is asked to reconnect', async () => {
  const { promise: thought, resolve: decide } = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const slow = defineRoom({
    ...says('open'),
    async admit() {
      asked.resolve()
      await thought
    },
  })
  server = await startServer({ rooms: { '/r/:name': { definition: slow } } })
  const guest = server.connect('/r/vip')
  guest.catch(() => {})
  await asked.promise
  await server.reload({ rooms: { '/r/:name': { definition: slow }, '/r/vip': vip } })
  const member = await server.connect('/r/vip', {}, { headers: bearer(await sign({ sub: 'ann' })) })
  decide()
  await expect(guest).rejects.toThrow('503')
  expect(await heard(member)).toBe('vip')
})
