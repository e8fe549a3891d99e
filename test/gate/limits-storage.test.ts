/** The limits of what rooms store, one by one: set small, exceeded, answered as docs/LIMITS.md says, and counted. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import type { Limit } from '../../src/tally.ts'
import { refused } from '../support/client.ts'
import { openLimited } from '../support/limited.ts'

const fixture = openLimited()
const { start, count } = fixture

const shelf = defineRoom({
  stores: { 'book/': z.string() },
  receives: { put: z.object({ name: z.string(), text: z.string() }), drop: z.object({}) },
  sends: {},
  open: ({ storage }) => ({
    receive: {
      put: (_, { name, text }) => storage.set(`book/${name}`, text),
      drop: () => storage.clear(),
    },
  }),
})

const exceeded = {
  async 'limits.storage'() {
    await start({ rooms: { '/shelf': { definition: shelf, limits: { storage: '1KiB' } } } })
    const ann = await fixture.server.connect('/shelf')
    await ann.next('welcome')
    const put = (id: string, length: number) => ann.send('put', { name: id, text: 'x'.repeat(length) }, id)
    put('1', 1000)
    expect(await ann.next('ack')).toMatchObject({ id: '1' })
    put('2', 100)
    expect(await ann.next('error')).toMatchObject({ id: '2', data: { code: 'storage_full' } })
    expect(await count('limits.storage', '/shelf')).toBe(1)
    // Nothing was stored of it: what fits is taken.
    put('3', 1)
    expect(await ann.next('ack')).toMatchObject({ id: '3' })
  },

  async 'limits.ids'() {
    await start({ rooms: { '/shelf': { definition: shelf, limits: { ids: 2 } } } })
    const ann = await fixture.server.connect('/shelf', { client: 'ann' })
    await ann.next('welcome')
    for (const id of ['1', '2', '3']) ann.send('put', { name: id, text: 'a' }, id)
    for (const id of ['1', '2']) expect(await ann.next('ack')).toMatchObject({ id })
    const full = { code: 'unavailable', message: expect.stringContaining('limits.ids') }
    expect(await ann.next('error')).toMatchObject({ id: '3', data: full })
    expect(await count('limits.ids', '/shelf')).toBe(1)
    // What was answered is answered again, and what has no id is handled.
    ann.send('put', { name: '2', text: 'a' }, '2')
    expect(await ann.next('ack')).toMatchObject({ id: '2', duplicate: true })
    const post = (message: object) =>
      fetch(`${fixture.server.url}/shelf?client=ben`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(message),
      })
    expect((await post({ type: 'drop', data: {} })).status).toBe(204)
    const { status, headers } = await post({ type: 'drop', data: {}, id: '1' })
    expect([status, headers.get('retry-after')]).toEqual([503, '1'])
    expect(await count('limits.ids', '/shelf')).toBe(2)
  },

  async 'server.limits.storage'() {
    const rooms = { '/shelf/:name': { definition: shelf, idleAfter: 0 } }
    await start({ server: { limits: { storage: '1KiB' } }, rooms })
    const ann = await fixture.server.connect('/shelf/one')
    await ann.next('welcome')
    ann.send('put', { name: 'a', text: 'x'.repeat(2000) }, '1')
    await ann.next('ack')
    const { status, headers, body } = await refused(`${fixture.server.ws}/shelf/two`)
    expect([status, headers['retry-after'], body]).toMatchObject([503, '10', { error: 'storage_full' }])
    expect(await count('server.limits.storage', '/shelf/:name')).toBe(1)
    // A room that is open stays, and one that closes gives its bytes back.
    ann.send('drop', {}, '2')
    await ann.next('ack')
    const bob = await fixture.server.connect('/shelf/two')
    expect(await bob.next('welcome')).toMatchObject({ type: 'welcome' })
    bob.send('put', { name: 'a', text: 'x'.repeat(2000) }, '1')
    await bob.next('ack')
    await bob.close()
    const mayEnter = async () => (await fixture.server.connect('/shelf/three').catch(() => undefined)) !== undefined
    await expect.poll(mayEnter).toBe(true)
  },
} satisfies Partial<Record<Limit, () => Promise<void>>>

describe('a limit that is exceeded', () => {
  it.each(Object.entries(exceeded))('%s is answered and counted', (_, exceed) => exceed())
})
