/** `corridor/testing`: what a room author tests a room with. */
import { defineRoom, RoomError } from 'corridor'
import { openRoom } from 'corridor/testing'
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import clock from '../../rooms/clock.ts'
import echo from '../../rooms/echo.ts'

const quiz = defineRoom({
  options: z.object({ greeting: z.string().default('hello') }),
  receives: {
    guess: z.object({ at: z.string().min(1).max(20) }),
    fail: z.string(),
    late: z.object({}),
  },
  sends: {
    guessed: z.object({ from: z.string(), at: z.string() }),
    greeting: z.string(),
    tick: z.int(),
    secret: z.unknown(),
  },
  text: (text) => ({ type: 'guess', data: { at: text } }),
  open(room, { greeting }) {
    let ticks = 0
    room.every(1000, () => room.broadcast('tick', ++ticks))
    return {
      join(peer) {
        peer.send('greeting', `${greeting}, ${peer.name}`)
        if (peer.claims) peer.send('secret', peer.claims)
      },
      leave: (peer) => room.broadcast('greeting', `bye, ${peer.name}`),
      receive: {
        guess: (peer, { at }) => room.publish('guessed', { from: peer.name, at }),
        fail(_, how) {
          if (how === 'told') throw new RoomError('no_more', 'the quiz is over')
          throw new Error('a secret of the house')
        },
        async late(peer) {
          await Promise.resolve()
          peer.name = 'late'
        },
      },
    }
  },
})

describe('an event room', () => {
  it('parses its options, greets each newcomer and knows its members', async () => {
    const room = await openRoom(quiz, { greeting: 'welcome' })
    const ann = room.join({ name: 'ann' })
    expect(await ann.next('greeting')).toMatchObject({ data: 'welcome, ann' })
    const bob = room.join()
    expect(bob.id).not.toBe(ann.id)
    expect(room.members()).toEqual([
      { id: ann.id, name: 'ann', connections: 1 },
      { id: bob.id, name: bob.name, connections: 1 },
    ])
    await expect(openRoom(quiz, { greeting: 5 as never })).rejects.toThrow('expected string')
  })

  it('fills in the defaults of its options', async () => {
    const ann = (await openRoom(quiz)).join({ name: 'ann' })
    expect(await ann.next()).toMatchObject({ type: 'greeting', data: 'hello, ann' })
  })

  it('answers a message with an ack, and everyone gets what is published', async () => {
    const room = await openRoom(quiz)
    const [ann, bob] = [room.join({ name: 'ann' }), room.join({ name: 'bob' })]
    expect(await ann.send('guess', { at: 'tea' })).toMatchObject({ kept: 'memory', seq: 1 })
    for (const peer of [ann, bob])
      expect(await peer.next('guessed')).toMatchObject({ seq: 1, data: { from: 'ann', at: 'tea' } })
    bob.say('coffee')
    expect(await ann.next('guessed')).toMatchObject({ seq: 2, data: { from: 'bob', at: 'coffee' } })
    expect((await room.history()).map(({ seq, data }) => ({ seq, data }))).toEqual([
      { seq: 1, data: { from: 'ann', at: 'tea' } },
      { seq: 2, data: { from: 'bob', at: 'coffee' } },
    ])
    expect(await ann.send('late', {})).toMatchObject({ kept: 'memory' })
    expect(ann.name).toBe('late')
  })

  it('rejects with the error the room answered, and logs an error that the author did not intend', async () => {
    const room = await openRoom(quiz)
    const ann = room.join({ name: 'ann' })
    await expect(ann.send('guess', { at: '' })).rejects.toMatchObject({ code: 'invalid', issues: [{ path: ['at'] }] })
    await expect(ann.send('fail', 'told')).rejects.toMatchObject({ code: 'no_more', message: 'the quiz is over' })
    expect(room.errors).toEqual([])
    const refused = await ann.send('fail', 'untold').catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'internal' })
    expect(String(refused)).not.toContain('secret')
    expect(room.errors).toMatchObject([{ message: 'a secret of the house' }])
    // @ts-expect-error: the room takes no such message
    await expect(ann.send('gess', {})).rejects.toMatchObject({ code: 'unknown_type' })
  })

  it('notifies the others of a leave, and a closed peer gets nothing more', async () => {
    const room = await openRoom(quiz)
    const [ann, bob] = [room.join({ name: 'ann' }), room.join({ name: 'bob' })]
    await ann.next('greeting')
    bob.leave()
    expect(await ann.next('greeting')).toMatchObject({ data: 'bye, bob' })
    expect(room.members()).toEqual([{ id: ann.id, name: 'ann', connections: 1 }])
    expect(ann.closed).toBe(undefined)
    await room.close()
    expect(ann.closed).toMatchObject({ code: 1001 })
    await expect(ann.next('tick')).rejects.toThrow('the room closed this peer (1001')
  })

  it('runs its timers on the clock of the test', async () => {
    const room = await openRoom(quiz)
    const ann = room.join()
    await room.advance(999)
    await ann.send('guess', { at: 'tea' })
    expect(await ann.next()).toMatchObject({ type: 'greeting' })
    expect(await ann.next()).toMatchObject({ type: 'guessed' })
    await room.advance(1)
    expect(await ann.next('tick')).toMatchObject({ data: 1 })
    await room.advance(5000)
    for (const tick of [2, 3, 4, 5, 6]) expect(await ann.next('tick')).toMatchObject({ data: tick })
    await ann.send('guess', { at: 'tea' })
    const time = (await room.history()).at(-1)?.time ?? 0
    await room.advance(60_000)
    await ann.send('guess', { at: 'tea' })
    expect((await room.history()).at(-1)?.time).toBe(time + 60_000)
  })

  it('runs as it does elsewhere under the fake timers of a test framework, which nobody advances', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    // Loaded only now: not even then does it take the fake ones.
    vi.resetModules()
    const testing = await import('corridor/testing')
    const room = await testing.openRoom(quiz)
    const ann = room.join()
    await ann.send('guess', { at: 'paris' })
    expect(await ann.next('guessed')).toMatchObject({ data: { at: 'paris' } })
    await room.advance(2000)
    expect([await ann.next('tick'), await ann.next('tick')]).toMatchObject([{ data: 1 }, { data: 2 }])
    await expect(ann.next('greeting')).rejects.toThrow('expected greeting: it did not arrive')
    await room.close()
  })

  it('hands claims, path and parameters to the author', async () => {
    const room = await openRoom(quiz)
    const ann = room.join({ name: 'ann', claims: { sub: 'ann' } })
    expect(await ann.next('secret')).toMatchObject({ data: { sub: 'ann' } })
    const where = defineRoom({
      sends: { here: z.string() },
      open: (room) => ({ join: (peer) => peer.send('here', `${room.path} ${room.params.name}`) }),
    })
    const tea = await openRoom(where, undefined, { path: '/r/tea', params: { name: 'tea' } })
    expect(await tea.join().next('here')).toMatchObject({ data: '/r/tea tea' })
  })

  it('replays to newcomers as much history as the test sets', async () => {
    const room = await openRoom(quiz, {}, { history: { replay: 1 } })
    const ann = room.join({ name: 'ann' })
    for (const at of ['tea', 'milk']) await ann.send('guess', { at })
    const bob = room.join({ name: 'bob' })
    expect(await bob.next()).toMatchObject({ type: 'guessed', seq: 2, data: { at: 'milk' } })
    expect(await bob.next()).toMatchObject({ type: 'greeting' })
  })

  it('reports what came instead of an expected event', async () => {
    const ann = (await openRoom(quiz)).join({ name: 'ann' })
    await expect(ann.next('guessed')).rejects.toThrow(/^expected guessed: it did not arrive; received .*hello, ann/)
  })

  it('throws what its open throws', async () => {
    const broken = defineRoom({
      open() {
        throw new Error('no questions today')
      },
    })
    await expect(openRoom(broken)).rejects.toThrow('no questions today')
  })

  it('knows the types of the module', async () => {
    const room = await openRoom(quiz)
    const ann = room.join()
    expectTypeOf(ann.send<'guess'>)
      .parameter(1)
      .toEqualTypeOf<{ at: string }>()
    expectTypeOf(ann.next<'guessed'>)
      .returns.resolves.toHaveProperty('data')
      .toEqualTypeOf<{ from: string; at: string }>()
    // @ts-expect-error: options are of the module's own type
    const wrong = openRoom(quiz, { greting: 5, greeting: 5 })
    await expect(wrong).rejects.toThrow()
  })
})

describe('a raw room', () => {
  it('gives back text as text and bytes as bytes', async () => {
    const room = await openRoom(echo)
    const ann = room.join()
    ann.send('你好')
    ann.send(Uint8Array.of(1, 2, 3))
    expect(await ann.next()).toBe('你好')
    expect(await ann.next()).toEqual(Uint8Array.of(1, 2, 3))
    expect(await room.history()).toEqual([])
  })

  it('sends bytes as they were when they were sent: the author may use them again', async () => {
    const bytes = new Uint8Array(1)
    const counting = defineRoom({
      open: (room) => ({
        message(peer) {
          for (bytes[0] = 1; bytes[0] < 3; bytes[0] += 1) {
            peer.send(bytes)
            room.broadcast(bytes)
          }
        },
      }),
    })
    const ann = (await openRoom(counting)).join()
    ann.send('go')
    for (const number of [1, 1, 2, 2]) expect(await ann.next()).toEqual(Uint8Array.of(number))
  })

  it('knows that a peer has gone whom its own join handler closed', async () => {
    const left: string[] = []
    const closing = defineRoom({
      open: () => ({ join: (peer) => peer.close(4000, 'not now'), leave: (peer) => void left.push(peer.id) }),
    })
    const room = await openRoom(closing)
    const ann = room.join()
    expect(ann.closed).toEqual({ code: 4000, reason: 'not now' })
    expect(room.members()).toEqual([])
    expect(left).toEqual([ann.id])
  })

  it('runs on the clock of the test, too', async () => {
    const room = await openRoom(clock, { every: '1m', label: 'tower' })
    const ann = room.join()
    await room.advance(60_000)
    expect(await ann.next()).toMatch(/^message from tower at : /)
  })
})
