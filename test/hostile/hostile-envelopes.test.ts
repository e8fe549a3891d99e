/**
 * Envelopes made to break a parser or what stands behind it (catalogue: F8): too deep, too many keys, keys that reach a
 * prototype, numbers and characters that cannot be. The sender gets an error, stays connected, and nobody else notices.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { tell, tellWrong } from '../support/figures.ts'
import { openWitnessed } from '../support/witness.ts'

/** As `limits.json` has it by default. */
const MAX_DEPTH = 100
const MAX_MEMBERS = 10_000

const anything = defineRoom({
  receives: { any: z.unknown(), numbers: z.array(z.number()), text: z.object({ text: z.string() }) },
  sends: { any: z.unknown() },
  open: (room) => ({ receive: { any: (_, data) => void room.broadcast('any', data), numbers() {}, text() {} } }),
})

const plain = defineRoom({
  receives: { message: z.string() },
  sends: { message: z.string() },
  text: (text) => ({ type: 'message', data: text }),
  open: (room) => ({ receive: { message: (_, text) => void room.broadcast('message', text) } }),
})

const fixture = openWitnessed({
  '/any': { definition: anything, limits: { payload: '16MiB' } },
  '/plain': { definition: plain },
})

describe('an envelope', () => {
  tellWrong('F8', 'wrong answers')
  let longestMs = 0
  afterAll(() => tell('F8', 'longest wait for an answer, ms', longestMs))

  const nested = (levels: number, [start, end]: [string, string], inner = '') =>
    start.repeat(levels) + inner + end.repeat(levels)
  const any = (data: string, more = '') => `{"type":"any","data":${data},"id":"e"${more}}`
  const keys = (count: number, key: (index: number) => string | number) =>
    `{${Array.from({ length: count }, (_, index) => `"${key(index)}":1`).join()}}`

  const REFUSED: [string, string][] = [
    ['10,000 levels of lists', any(nested(10_000, ['[', ']']))],
    ['10,000 levels of objects', any(nested(10_000, ['{"a":', '}'], '1'))],
    ['one level too many', any(nested(MAX_DEPTH, ['[', ']']))],
    ['levels that never close', `{"type":"any","data":${'['.repeat(10_000)}`],
    ['a million keys', any(keys(1_000_000, (index) => `k${index}`))],
    ['keys that are whole numbers', any(keys(MAX_MEMBERS, (index) => index * 65_536))],
    ['a key that reaches a prototype', any('{"__proto__":{"polluted":true}}')],
    ['the same, written otherwise', any('{"\\u005f_proto__":{"polluted":true}}')],
    ['a constructor with a prototype', any('{"constructor":{"prototype":{"polluted":true}}}')],
    ['separators alone', ','.repeat(50_000)],
    ['a type that is no string', '{"type":["any"],"data":1,"id":"e"}'],
    ['an id that is too long', `{"type":"any","id":"${'i'.repeat(65)}"}`],
    ['an id that is a number', '{"type":"any","id":1}'],
    ['no type', '{"data":1}'],
    ['a list of envelopes', '[{"type":"any"}]'],
    ['nothing', ''],
  ]

  it.each(REFUSED)('is answered with an error and does no harm: %s', async (_, text) => {
    const peer = await fixture.server.connect('/any')
    await peer.next('welcome')
    const begin = performance.now()
    peer.sendText(text)
    const { data } = await peer.next<{ code: string }>('error')
    longestMs = Math.max(longestMs, performance.now() - begin)
    expect(['bad_json', 'bad_message']).toContain(data.code)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    peer.send('any', 'still here', 'm')
    expect(await peer.next('ack')).toMatchObject({ id: 'm' })
    await peer.close()
  })

  const TAKEN: [string, string, unknown][] = [
    ['as deep as it may be', any(nested(MAX_DEPTH - 1, ['[', ']'])), JSON.parse(nested(MAX_DEPTH - 1, ['[', ']']))],
    ['a number beyond all bounds', any('1e400'), null],
    ['a number that is too exact', any('0.1000000000000000055511151231257827021181583404541015625'), 0.1],
    ['a key twice', any('1,"data":2'), 2],
    ['half a surrogate', any('"\\ud800"'), '\ud800'],
    ['brackets and quotes in a text', any(JSON.stringify(`${'["'.repeat(500)}\\`)), `${'["'.repeat(500)}\\`],
    [
      'keys of the prototype that are only words',
      any('{"constructor":1,"toString":2,"hasOwnProperty":3}'),
      { constructor: 1, toString: 2, hasOwnProperty: 3 },
    ],
  ]

  it.each(TAKEN)('is taken for what it is: %s', async (_, text, data) => {
    const peer = await fixture.server.connect('/any')
    await peer.next('welcome')
    peer.sendText(text)
    expect((await peer.next('any')).data).toEqual(data)
    await peer.close()
  })

  it('that is wrong all over is answered in few words', async () => {
    const peer = await fixture.server.connect('/any')
    await peer.next('welcome')
    peer.sendText(`{"type":"numbers","data":[${'"x",'.repeat(100_000)}"x"]}`)
    const answer = await peer.nextText()
    expect(JSON.parse(answer)).toMatchObject({ type: 'error', data: { code: 'invalid' } })
    expect(answer.length).toBeLessThan(10_000)
    await peer.close()
  })

  it('is none where a room takes plain text: brackets without end are only that', async () => {
    const peer = await fixture.server.connect('/plain')
    await peer.next('welcome')
    for (const text of ['['.repeat(1000), '{'.repeat(1000), `${'[['.repeat(500)}1`]) {
      peer.sendText(text)
      expect((await peer.next('message')).data).toBe(text)
    }
    peer.sendText(`{"type":"message","data":${nested(500, ['[', ']'])}}`)
    expect((await peer.next('error')).data).toMatchObject({ code: 'bad_json' })
    await peer.close()
  })
})
