/** The limits of admission and of requests, one by one: set small, exceeded, answered as docs/LIMITS.md says, and counted. */
import { describe, expect, it } from 'vitest'
import type { Limit } from '../../src/tally.ts'
import { BareSocketIo } from '../support/bare-socketio.ts'
import { refused } from '../support/client.ts'
import { openLimited } from '../support/limited.ts'
import notes from '../support/notes.ts'
import { RawClient } from '../support/raw.ts'

const fixture = openLimited()
const { start, startWith, count } = fixture

const exceeded = {
  async 'limits.peers'() {
    await startWith({ peers: 1 })
    await fixture.server.connect('/notes')
    const { status, headers, body } = await refused(`${fixture.server.ws}/notes`)
    expect([status, headers['retry-after'], body]).toMatchObject([503, '10', { error: 'room_full' }])
    expect(await count('limits.peers')).toBe(1)
    // A post makes no peer.
    const headersOfJson = { 'Content-Type': 'application/json' }
    const note = JSON.stringify({ type: 'note', data: { text: 'from outside' } })
    const posted = await fetch(`${fixture.server.url}/notes`, { method: 'POST', headers: headersOfJson, body: note })
    expect(posted.status).toBe(204)
  },

  async 'limits.perAddress'() {
    await startWith({ perAddress: 1 })
    await fixture.server.connect('/notes')
    const { status, headers, body } = await refused(`${fixture.server.ws}/notes`)
    expect([status, headers['retry-after'], body]).toMatchObject([429, '10', { error: 'too_many' }])
    expect(await count('limits.perAddress')).toBe(1)
    // Each room counts for itself, however its path is written; readers over HTTP count too.
    const line = { definition: notes, limits: { perAddress: 1 } }
    await start({ rooms: { '/r/:name': line, '/notes': line } })
    const one = await fixture.server.connect('/r/one')
    await fixture.server.connect('/r/two')
    await fixture.server.connect('/notes')
    expect((await refused(`${fixture.server.ws}/r/%6fne`)).status).toBe(429)
    const stream = await fetch(`${fixture.server.url}/r/one?offset=now&live=sse`, { headers: { Accept: '*/*' } })
    expect(await stream.text()).toMatch(/too_many|retry:/)
    expect(await count('limits.perAddress', '/r/:name')).toBe(2)
    await one.close()
    await expect
      .poll(async () => (await fixture.server.connect('/r/one').catch(() => undefined)) !== undefined)
      .toBe(true)
  },

  async instances() {
    await start({ rooms: { '/r/:name': { definition: notes, instances: 1 } } })
    const one = await fixture.server.connect('/r/one')
    const { status, headers, body } = await refused(`${fixture.server.ws}/r/two`)
    expect([status, headers['retry-after'], body]).toMatchObject([503, '60', { error: 'too_many_rooms' }])
    expect(await count('instances', '/r/:name')).toBe(1)
    // A room that is only read counts too, and an empty one makes way for the next.
    const read = async (name: string) => (await fetch(`${fixture.server.url}/r/${name}?offset=-1`)).status
    expect(await read('two')).toBe(503)
    await one.close()
    await expect.poll(() => read('two')).toBe(200)
    for (const name of ['three', 'four', 'five']) expect(await read(name)).toBe(200)
    const lobby = await fetch(`${fixture.server.url}/`, { headers: { Accept: 'application/json' } })
    expect(JSON.stringify(await lobby.json())).toContain('"open":[{"path":"/r/five","members":0}]')
  },

  async 'server.limits.peers'() {
    await start({ server: { limits: { peers: 1 } }, rooms: { '/notes': { definition: notes } } })
    await fixture.server.connect('/notes')
    const { status, headers, body } = await refused(`${fixture.server.ws}/notes`)
    expect([status, headers['retry-after'], body]).toMatchObject([503, '30', { error: 'server_full' }])
    expect(await count('server.limits.peers')).toBe(1)
  },

  async 'server.limits.handshakes'() {
    const handshakes = { perSecond: 0.1, burst: 1 }
    await start({ server: { limits: { handshakes } }, rooms: { '/notes': { definition: notes } } })
    await fixture.server.connect('/notes')
    const { status, headers, body } = await refused(`${fixture.server.ws}/notes`)
    expect([status, headers['retry-after'], body]).toMatchObject([429, '10', { error: 'too_many' }])
    expect(await count('server.limits.handshakes')).toBe(1)
  },

  async 'server.limits.namespaces'() {
    await start({ server: { limits: { namespaces: 1 } }, rooms: { '/notes': { definition: notes }, '/more': {} } })
    const client = await BareSocketIo.join(fixture.server.ws, '/notes')
    await client.say('40/more,')
    const refusal = '"data":{"code":"too_many","message":"expected at most 1 namespaces on one connection'
    expect(await client.heard('44/more,')).toContain(refusal)
    expect(await count('server.limits.namespaces', '/more')).toBe(1)
    await client.say('41/notes,')
    await client.say('40/more,')
    expect(await client.heard('40/more,')).toBeDefined()
    client.destroy()
  },

  async 'server.limits.headersTimeout'() {
    await start({ server: { limits: { headersTimeout: '1s' } }, rooms: { '/notes': { definition: notes } } })
    const client = new RawClient(fixture.server.port)
    await client.write('GET /notes HTTP/1.1\r\nHost: 127.0.0.1\r\n')
    expect(await client.answer()).toMatchObject({ status: 408, error: 'too_late' })
    await client.ended
    expect(await count('server.limits.headersTimeout', '')).toBe(1)
  },

  async 'server.limits.requestTimeout'() {
    const limits = { headersTimeout: '1s', requestTimeout: '1s' }
    await start({ rooms: { '/notes': { definition: notes } } })
    await fixture.server.reload({ server: { limits }, rooms: { '/notes': { definition: notes } } })
    const client = new RawClient(fixture.server.port)
    const head =
      'POST /notes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n'
    await client.write(`${head}{"type":`)
    expect(await client.answer()).toMatchObject({ status: 408, error: 'too_late' })
    await client.ended
    expect(await count('server.limits.requestTimeout', '')).toBe(1)
  },
} satisfies Partial<Record<Limit, () => Promise<void>>>

describe('an exceeded limit is answered and counted:', () => {
  it.each(Object.entries(exceeded))('%s', (_, test) => test())
})
