/** The limits of what a peer sends (catalogue: F3, F8), one by one: set small, exceeded, answered as docs/LIMITS.md says, and counted. */
import { describe, expect, it } from 'vitest'
import type { Limit } from '../../src/tally.ts'
import { fragmented, frame, Op } from '../support/bare-frames.ts'
import { openStream, post } from '../support/event-stream.ts'
import { note, openLimited } from '../support/limited.ts'

const fixture = openLimited()
const { startWith, count, bare, passUntil } = fixture

const exceeded = {
  async 'limits.payload'() {
    await startWith({ payload: '100B' })
    const peer = await bare('/notes')
    await peer.write(frame(Op.text, 'x'.repeat(101)))
    expect(await peer.closed()).toBe(1009)
    expect((await post(`${fixture.server.url}/notes`, note('x'.repeat(100)))).status).toBe(413)
    expect(await count('limits.payload')).toBe(2)
  },

  async 'limits.json.depth'() {
    await startWith({ json: { depth: 3 } })
    const deep = note('a', { more: [1] })
    const peer = await fixture.server.connect('/notes')
    peer.sendText(JSON.stringify(deep).replace('[1]', '[[1]]'))
    expect(await peer.next('error')).toMatchObject({ data: { code: 'bad_json' } })
    expect((await post(`${fixture.server.url}/notes`, [deep])).status).toBe(400)
    peer.send('note', { text: 'still here' }, 'm')
    await peer.next('ack')
    expect(await count('limits.json.depth')).toBe(2)
  },

  async 'limits.json.members'() {
    await startWith({ json: { members: 4 } })
    const peer = await fixture.server.connect('/notes')
    peer.sendText(JSON.stringify(note('a', { b: 1, c: 2 })))
    expect(await peer.next('error')).toMatchObject({
      data: { code: 'bad_json', message: 'expected JSON of at most 100 levels and 4 members' },
    })
    expect((await post(`${fixture.server.url}/notes`, [note(), note()])).status).toBe(400)
    expect((await post(`${fixture.server.url}/notes`, note())).status).toBe(204)
    expect(await count('limits.json.members')).toBe(2)
  },

  async 'limits.pieces'() {
    await startWith({ pieces: 4 })
    const peer = await bare('/notes')
    await peer.write(fragmented(Op.text, ['a', 'b', 'c', 'd', 'e'], false))
    expect(await peer.closed()).toBe(1008)
    expect(await count('limits.pieces')).toBe(1)
  },

  async 'limits.controls'() {
    await startWith({ controls: 3 }, true)
    const peer = await bare('/notes')
    await peer.write(Array.from({ length: 4 }, () => frame(Op.pong)))
    expect(await peer.closed()).toBe(1008)
    expect(await count('limits.controls')).toBe(1)
  },

  async 'limits.batch'() {
    await startWith({ batch: 2 })
    const answer = await post(`${fixture.server.url}/notes`, [note(), note(), note()])
    expect([answer.status, await answer.json()]).toMatchObject([413, { error: 'too_many_messages' }])
    expect((await post(`${fixture.server.url}/notes`, [note(), note()])).status).toBe(204)
    expect(await count('limits.batch')).toBe(1)
  },

  async 'limits.rate'() {
    await startWith({ rate: { perSecond: 0.001, burst: 2 } }, true)
    const peer = await fixture.server.connect('/notes')
    for (const text of ['1', '2', '3']) peer.send('note', { text }, text)
    expect(await peer.next('error')).toMatchObject({ id: '3', data: { code: 'rate_limited' } })
    const stream = await openStream(`${fixture.server.url}/notes?live=sse&client=c`)
    const said = { 'Corridor-Peer': (await stream.control()).peer ?? '' }
    expect((await post(`${fixture.server.url}/notes`, [note(), note(), note()], said)).status).toBe(413)
    expect((await post(`${fixture.server.url}/notes`, [note(), note()], said)).status).toBe(204)
    const late = await post(`${fixture.server.url}/notes`, note(), said)
    expect([late.status, Number(late.headers.get('Retry-After'))]).toEqual([429, 1000])
    expect(await count('limits.rate')).toBe(3)
    const raw = await fixture.server.connect('/echo')
    for (const text of ['1', '2', '3']) raw.sendText(text)
    for (const text of ['1', '2', '3']) expect(await passUntil(raw.nextText())).toBe(text)
    expect(await count('limits.rate', '/echo')).toBe(1)
    stream.close()
  },

  async 'limits.abuse'() {
    await startWith({ abuse: 2, rate: { perSecond: 0.001, burst: 3 } }, true)
    const peer = await fixture.server.connect('/notes')
    for (let times = 0; times < 10; times += 1) peer.send('note', { text: 'x' })
    expect(await passUntil(peer.closed)).toEqual({ code: 1008, reason: 'sent too much for too long' })
    expect([await count('limits.abuse'), await count('limits.rate')]).toEqual([1, 6])
  },
} satisfies Partial<Record<Limit, () => Promise<void>>>

describe('an exceeded limit is answered and counted:', () => {
  it.each(Object.entries(exceeded))('%s', (_, test) => test())
})
