/** The private session id of a client of 4.6 or newer: who it says the client is, and how it says that it was recovered. */
import { describe, expect, it } from 'vitest'
import { isPosition } from '../../../src/log/log.ts'
import { systemRandom } from '../../../src/random.ts'
import { PrivateId, requestedOffset } from '../../../src/transports/socketio/private-id.ts'

const random = systemRandom()
const first = () => new PrivateId(undefined, random)

describe('a private session id', () => {
  it('is given back when its client was resumed, and only then', () => {
    const pid = first().answer(false)
    const again = new PrivateId(pid, random)
    expect(again.answer(true)).toBe(pid)
    expect(again.answer(false)).not.toBe(pid)
  })

  it('is the same client either way', () => {
    const one = first()
    const second = new PrivateId(one.answer(false), random)
    const third = new PrivateId(second.answer(false), random)
    expect([second.client, third.client]).toEqual([one.client, one.client])
  })

  it('is another for each newcomer, also for one that says it was resumed', () => {
    const [one, two] = [first(), first()]
    expect(one.client).not.toBe(two.client)
    expect(new Set([one.answer(true), one.answer(true), two.answer(true)]).size).toBe(3)
  })

  const pid = first().answer(false)
  it.each([
    'x',
    '',
    pid.slice(1),
    `${pid}x`,
    `${pid}\n`,
    pid.replace('.', ''),
    `${'é'.repeat(24)}.${'a'.repeat(8)}`,
    `${'a'.repeat(1_000_000)}.${'a'.repeat(8)}`,
    '__proto__',
    42,
    null,
    [pid],
    { toString: () => pid },
  ])('of another kind is ignored: %j', (given) => {
    const forged = new PrivateId(given, random)
    expect(forged.client).toMatch(/^[\w-]{24}$/)
    expect(String(given)).not.toContain(forged.client)
    expect(forged.answer(true)).not.toBe(given)
  })
})

describe('the offset that a client asks for', () => {
  it('is what it gives', () => {
    const offset = `${'0'.repeat(32)}_${'1'.padStart(16, '0')}`
    for (const given of [undefined, '-1', 'now', offset, 7]) {
      expect(requestedOffset({ offset: given })).toBe(given)
      expect(requestedOffset({ pid: 'x', offset: given })).toBe(given)
    }
    expect(requestedOffset({ offset: 'garbage' })).toBe('garbage')
  })

  it('is one of no log where the client kept it from another server', () => {
    const offset = requestedOffset({ pid: 'x', offset: 'garbage' })
    expect(isPosition(String(offset))).toBe(true)
  })
})
