/** Links between nodes over a made-up network: dialled once, shared, cut in time, and never for a freeze of the node itself. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Frame } from '../../src/delivery/frame.ts'
import { InvalidError, Refusal, RepeatedError, RoomError } from '../../src/errors.ts'
import { DialError } from '../../src/nodes/network.ts'
import { DELAY_MS, linkedNodes } from '../support/linked-nodes.ts'

async function pair() {
  const stage = await linkedNodes('a', 'b')
  const [a, b] = stage.nodes
  if (!a || !b) throw new Error('expected two nodes')
  return { ...stage, a, b }
}

/** How a promise ends, without waiting for it. */
function outcome(promise: Promise<unknown>): { value?: unknown; error?: Error } {
  const end: { value?: unknown; error?: Error } = {}
  promise.then(
    (value) => void Object.assign(end, { value }),
    (error: Error) => void Object.assign(end, { error }),
  )
  return end
}

describe('a link', () => {
  it('is dialled once for all who need it at once, and then shared', async () => {
    const { a, b, clock, network } = await pair()
    const links = Promise.all(Array.from({ length: 1000 }, () => a.links.to('b')))
    await clock.advance(4 * DELAY_MS)
    expect(new Set(await links).size).toBe(1)
    expect(a.links.known('b')).toBe((await links)[0])
    expect([network.connections, b.accepted.length]).toEqual([1, 1])
    expect(b.links.known('a')).toBeUndefined()
  })

  it('carries messages in order, as copies', async () => {
    const { a, b, dial, clock } = await pair()
    const link = await dial(a, b)
    const frame = new Frame('wave', '{"at":1}', 7, 12)
    const items = [{ to: 'all', frame, except: undefined }] as const
    b.accepted[0]?.send({ op: 'items', place: 1, items })
    for (const place of [1, 2, 3]) link.send({ op: 'detach', place })
    await clock.advance(DELAY_MS)
    expect(b.heard.accepted.map((message) => message.op === 'detach' && message.place)).toEqual([1, 2, 3])
    expect(a.heard.dialled).toEqual([{ op: 'items', place: 1, items }])
    const [heard] = a.heard.dialled
    expect(heard?.op === 'items' && heard.items[0]?.to === 'all' && heard.items[0].frame).not.toBe(frame)
  })

  it('is asked both ways, and answered with what the other node says or throws', async () => {
    const { a, b, dial, clock } = await pair()
    const link = await dial(a, b)
    b.questions.answer('sums', z.unknown(), (args, from) => ({ args, from }))
    b.questions.answer('later', z.unknown(), () => Promise.resolve())
    b.questions.answer('refuses', z.unknown(), () => {
      throw new Refusal(503, 'full', 'no more', { 'Retry-After': '2' }, { of: 3 }).by('instances')
    })
    b.questions.answer('invalid', z.unknown(), () =>
      Promise.reject(new InvalidError('invalid', 'not so', [{ path: ['at'] }])),
    )
    b.questions.answer('repeated', z.unknown(), () => Promise.reject(new RepeatedError('mine', 'again', { n: 1 })))
    b.questions.answer('fails', z.unknown(), () => {
      throw new TypeError('a secret')
    })
    a.questions.answer('back', z.unknown(), () => 'from a')
    const ends = ['sums', 'later', 'refuses', 'invalid', 'repeated', 'fails', 'nothing'].map((name) =>
      outcome(link.ask(name, z.unknown(), 1)),
    )
    const back = outcome(b.accepted[0]?.ask('back', z.unknown()) ?? Promise.resolve())
    await clock.advance(2 * DELAY_MS)
    const [sums, later, refused, invalid, repeated, failed, nothing] = ends
    expect([sums?.value, back.value, later && 'value' in later]).toEqual([{ args: 1, from: 'a' }, 'from a', true])
    expect(refused?.error).toEqual(
      new Refusal(503, 'full', 'no more', { 'Retry-After': '2' }, { of: 3 }).by('instances'),
    )
    expect(invalid?.error).toEqual(new InvalidError('invalid', 'not so', [{ path: ['at'] }]))
    expect(repeated?.error).toBeInstanceOf(RepeatedError)
    expect(repeated?.error).toMatchObject({ code: 'mine', details: { n: 1 } })
    expect(failed?.error).toMatchObject({ code: 'internal', message: expect.not.stringContaining('secret') })
    expect(nothing?.error).toMatchObject({ code: 'unavailable' })
    expect(b.logged).toContain('a question of another node failed')
    expect(link.asking).toBe(0)
  })

  it('rejects what is not answered within 5 s, and drops the answer that comes then', async () => {
    const { a, b, dial, clock } = await pair()
    const link = await dial(a, b)
    const { promise, resolve } = Promise.withResolvers<string>()
    b.questions.answer('slow', z.unknown(), () => promise)
    const end = outcome(link.ask('slow', z.unknown()))
    await clock.advance(4999)
    expect(end).toEqual({})
    await clock.advance(1)
    expect(end.error).toMatchObject({ code: 'unavailable' })
    resolve('late')
    await clock.advance(DELAY_MS)
    expect([link.asking, link.isOver]).toEqual([0, false])
  })

  it('tells each second how long ago Redis answered, both ways', async () => {
    const { a, b, dial, clock } = await pair()
    a.redisAgeMs = 3
    b.redisAgeMs = 4
    await dial(a, b)
    expect([b.ages.get('a'), a.ages.get('b')]).toEqual([3, 4])
    a.redisAgeMs = 1003
    await clock.advance(1000 + DELAY_MS)
    expect(b.ages.get('a')).toBe(1003)
  })

  it('fails all questions when it is over, and tells each side once', async () => {
    const { a, b, dial, clock, network } = await pair()
    const link = await dial(a, b)
    b.questions.answer('never', z.unknown(), () => new Promise(() => {}))
    const ends = [1, 2].map(() => outcome(link.ask('never', z.unknown())))
    await clock.advance(DELAY_MS)
    network.cut('a', 'b')
    await clock.advance(DELAY_MS)
    expect(ends.map(({ error }) => error)).toMatchObject([{ code: 'unavailable' }, { code: 'unavailable' }])
    expect([a.over.dialled.length, b.over.accepted.length]).toEqual([1, 1])
    expect(outcome(link.ask('never', z.unknown()))).toEqual({})
    await clock.advance(10_000)
    expect([a.over.dialled.length, b.over.accepted.length, network.connections]).toEqual([1, 1, 0])
    await expect(link.ask('never', z.unknown())).rejects.toMatchObject({ code: 'unavailable' })
    expect((await dial(a, b)).isOver).toBe(false)
  })

  it('is cut by the side that hears nothing for 3 s', async () => {
    const { a, b, dial, clock, network } = await pair()
    await dial(a, b)
    network.block('b', 'a')
    await clock.advance(2900)
    expect(a.over.dialled).toEqual([])
    await clock.advance(1200)
    expect(a.over.dialled).toEqual(['nothing was heard on it for 3 s'])
    expect(b.over.accepted).toEqual(['closed by the other side'])
  })

  it('outlives a freeze of this node, whose timers run before what has come is read', async () => {
    const { a, b, dial, clock, freeze, thaw } = await pair()
    const link = await dial(a, b)
    await clock.advance(2050)
    freeze(a)
    // Longer than 3 s since a has heard something, and shorter than what b bears.
    await clock.advance(3050)
    await thaw(a)
    await clock.advance(5000)
    expect([link.isOver, a.over.dialled, b.over.accepted]).toEqual([false, [], []])
  })

  it('is cut when more than 64 MiB wait for the other side', async () => {
    const { a, b, dial, clock, network } = await pair()
    const link = await dial(a, b)
    network.block('a', 'b')
    const data = 'x'.repeat(1024 * 1024)
    for (let sent = 0; sent < 64; sent += 1) link.send({ op: 'receive', place: 1, session: 1, data, ref: undefined })
    expect(link.isOver).toBe(true)
    await clock.advance(DELAY_MS)
    expect(a.over.dialled).toEqual(['more than 67108864 bytes waited for it'])
  })

  it('gives way to a newer one of the same node, whose messages come after its end', async () => {
    const { a, b, dial, clock, network } = await pair()
    await dial(a, b)
    network.block('b', 'a')
    await clock.advance(3500)
    network.heal('b', 'a')
    network.block('a', 'b')
    a.links.known('b')?.close('the test')
    await clock.advance(DELAY_MS)
    network.heal('a', 'b')
    await dial(a, b)
    expect(b.over.accepted.length).toBe(1)
    expect([...b.links.all()].length).toBe(1)
  })

  it('ends when its node ends, at once on this side and soon on the other', async () => {
    const { a, b, dial, clock } = await pair()
    await dial(a, b)
    await a.links.close()
    expect(a.over.dialled).toEqual(['this node ends'])
    await clock.advance(DELAY_MS)
    expect(b.over.accepted.length).toBe(1)
    await expect(a.links.to('b')).rejects.toThrow('this node ends')
  })
})

describe('a node that cannot be dialled', () => {
  it('is refused if nobody listens or another node does, and not asked again at once', async () => {
    const { a, clock, network } = await pair()
    network.crash('b')
    const ends = Array.from({ length: 100 }, () => outcome(a.links.to('b')))
    await clock.advance(2 * DELAY_MS)
    for (const { error } of ends) expect(error).toMatchObject({ failure: 'refused' })
    network.of('c', (run) => run(), 'b:1').listen(() => ({ message() {}, closed() {} }))
    await expect(a.links.to('b')).rejects.toThrow('connection refused')
    await clock.advance(200)
    const again = outcome(a.links.to('b'))
    await clock.advance(2 * DELAY_MS)
    expect(again.error).toMatchObject({ failure: 'refused', message: 'b:1: it is c, not b' })
  })

  it('is refused if the roster does not know it', async () => {
    const { a } = await pair()
    await expect(a.links.to('x')).rejects.toEqual(new DialError('refused', 'it is not among the nodes that live'))
  })

  it('is waited for no longer once the node was found dead', async () => {
    const { a, b, clock, freeze } = await pair()
    freeze(b)
    const end = outcome(a.links.to('b'))
    await clock.advance(1000)
    expect(end.error).toBeUndefined()
    a.links.died('b')
    await clock.advance(0)
    expect(end.error).toMatchObject({ failure: 'refused' })
  })

  it('is unreachable if no answer comes within 5 s', async () => {
    const { a, b, clock, network, freeze } = await pair()
    for (const isFrozen of [false, true]) {
      if (isFrozen) freeze(b)
      else network.vanish('b')
      const end = outcome(a.links.to('b'))
      await clock.advance(5000 + DELAY_MS)
      expect(end.error).toMatchObject({ failure: 'unreachable' })
      await clock.advance(1000)
      network.heal('a', 'b')
      network.heal('b', 'a')
    }
  })

  it('may be refused though it lives', async () => {
    const { a, b, dial, network, clock } = await pair()
    network.refuse('a', 'b')
    await expect(dial(a, b)).rejects.toMatchObject({ failure: 'refused' })
    network.refuse('a', 'b', false)
    await clock.advance(200)
    expect((await dial(a, b)).node).toBe('b')
  })
})

it('a question has one answer', async () => {
  const { a } = await pair()
  a.questions.answer('one', z.unknown(), () => 1)
  expect(() => a.questions.answer('one', z.unknown(), () => 2)).toThrow('expected one answer')
  expect(() => a.questions.read('two', undefined)('b')).toThrow(RoomError)
})
