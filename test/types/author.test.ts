/**
 * The types of a room author, proved by the compiler: each `@ts-expect-error` is an error that an author must get, and
 * each `is<Same<…>>()` a type that is exactly so. The rooms are then opened, so that the types are those of what runs.
 */
import { binary, defineRoom } from 'corridor'
import { openRoom } from 'corridor/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <_T extends true>() => {}

const all = defineRoom({
  summary: 'everything at once',
  options: z.object({ greeting: z.string().default('hello') }),
  receives: { vote: z.object({ for: z.string() }), stop: z.undefined() },
  sends: { voted: z.object({ for: z.string(), count: z.int() }), stopped: z.null() },
  stores: {
    question: z.string(),
    votes: z.record(z.string(), z.int()).default({}),
    list: z.array(z.object({ at: z.int() })).default([]),
    'stroke/': z.object({ by: z.string(), points: z.array(z.number()) }),
    'page/': binary,
    length: z.string().transform((text) => text.length),
  },
  data: () => ({ score: 0, last: undefined as string | undefined }),
  open(room, options) {
    is<Same<typeof options, { greeting: string }>>()
    is<Same<ReturnType<typeof room.storage.get<'question'>>, string | undefined>>()
    const votes = room.storage.get('votes')
    is<Same<typeof votes, { readonly [x: string]: number }>>()
    const change = () => {
      // @ts-expect-error what get gives is frozen: changing it would change memory and not the disk
      votes.ann = 1
    }
    expect(change).toThrow(TypeError)
    room.storage.set('votes', { ...votes, ann: (votes.ann ?? 0) + 1 })
    room.storage.set('list', [...room.storage.get('list'), { at: 1 }])
    const n: number = room.size + 0.5
    const stroke = room.storage.get(`stroke/${n}`)
    is<Same<NonNullable<typeof stroke>['by'], string>>()
    room.storage.set(`stroke/${n}`, { by: 'ann', points: [1, 2] })
    room.storage.set('page/1', new Uint8Array(3))
    // What is kept is what was given, what is got is what the schema makes of it: a transform runs once, not twice.
    room.storage.set('length', 'four')
    is<Same<ReturnType<typeof room.storage.get<'length'>>, number | undefined>>()
    // @ts-expect-error the value of another schema
    expect(() => room.storage.set(`stroke/${n}`, 'ann')).toThrow(TypeError)
    // @ts-expect-error no such key
    expect(() => room.storage.get('questoin')).toThrow(TypeError)
    // @ts-expect-error a family is no name of a family without its slash
    expect(() => room.storage.set('stroke', { by: 'ann', points: [] })).toThrow(TypeError)
    // @ts-expect-error a prefix that no family has
    expect(() => room.storage.entries('strokes/')).toThrow(TypeError)
    for (const [key, { by }] of room.storage.entries('stroke/')) {
      is<Same<typeof key, `stroke/${string}`>>()
      is<Same<typeof by, string>>()
      room.storage.delete(key)
    }
    for (const [key, value] of room.storage.entries()) {
      if (key === 'question') is<Same<typeof value, string>>()
    }
    room.storage.clear('stroke/')
    room.alarms.set('close', room.now() + 1000)
    // @ts-expect-error a Date is no number of ms: use .getTime()
    expect(() => room.alarms.set('close', new Date(0))).toThrow(TypeError)
    for (const peer of room.peers()) peer.data.score += 1
    void room.history({ before: 7 }).then((events) => {
      for (const event of events) {
        if (event.type === 'voted') is<Same<typeof event.data.count, number>>()
        if (event.type === 'redacted') is<Same<typeof event.data.seq, number>>()
      }
    })
    void room.send<typeof ledger>('/ledger', 'move', { from: 'a', to: 'b', amount: 1 }, { id: 'x' })
    // @ts-expect-error the ledger takes no such type
    void room.send<typeof ledger>('/ledger', 'mov', { from: 'a', to: 'b', amount: 1 })
    // @ts-expect-error nor such data
    void room.send<typeof ledger>('/ledger', 'move', { from: 'a' })
    void room.send('/anything', 'whatever', { untyped: true })
    return {
      join(peer) {
        is<Same<typeof peer.data, { score: number; last: string | undefined }>>()
        // @ts-expect-error not of its data
        peer.data.points = 1
      },
      rejoin(peer) {
        peer.send('stopped', null)
        // @ts-expect-error data of another type
        peer.send('voted', null)
      },
      receive: {
        vote(peer, data) {
          is<Same<typeof data, { for: string }>>()
          peer.data.score += 1
          void room.publish('voted', { for: data.for, count: 1 })
        },
        stop: (_, data) => is<Same<typeof data, undefined>>(),
      },
      alarm(name, at) {
        is<Same<typeof name, string>>()
        is<Same<typeof at, number>>()
      },
    }
  },
})

/** `data` may look at who comes; then it must stand before `open` (TypeScript infers an object from left to right). */
defineRoom({
  receives: { go: z.null() },
  data: (who) => ({ team: String(who.claims?.team) }),
  open: (_room) => ({ receive: { go: (peer) => void peer.data.team.toUpperCase() } }),
})
/** Without a parameter it may stand anywhere. */
defineRoom({
  receives: { go: z.null() },
  open: (_room) => ({ receive: { go: (peer) => void peer.data.team.toUpperCase() } }),
  data: () => ({ team: 'red' }),
})

/** Without `stores` there is no key; without `data`, notes. */
const ledger = defineRoom({
  receives: { move: z.object({ from: z.string(), to: z.string(), amount: z.int() }) },
  sends: { moved: z.object({ from: z.string() }) },
  open(room) {
    // @ts-expect-error nothing is stored
    expect(() => room.storage.get('x')).toThrow('"stores" has no key "x"; declare it there')
    return {
      join: (peer) => {
        peer.data.anything = 1
      },
      receive: { move: (_, { from }) => room.publish('moved', { from }) },
    }
  },
})

/** A raw room has storage, alarms and data too, and neither publish nor history. */
const raw = defineRoom({
  moves: true,
  stores: { doc: binary },
  data: () => ({ cursors: new Set<number>() }),
  open(room) {
    // @ts-expect-error it publishes nothing
    expect(room.publish).toBe(undefined)
    // @ts-expect-error nor has it a history
    expect(room.history).toBe(undefined)
    return {
      message(peer, data) {
        is<Same<typeof data, string | Uint8Array>>()
        is<Same<typeof peer.data, { cursors: Set<number> }>>()
        if (typeof data !== 'string') room.storage.set('doc', data)
      },
    }
  },
})

// @ts-expect-error a type without a handler
defineRoom({ receives: { a: z.null(), b: z.null() }, open: () => ({ receive: { a: () => {} } }) })
// @ts-expect-error a room that receives without "receive"
defineRoom({ receives: { a: z.null() }, open: () => ({}) })
/** `open` may be async. */
defineRoom({
  receives: { a: z.string() },
  async open() {
    await Promise.resolve()
    return { receive: { a: (_, text) => void text.length } }
  },
})
/** A room that only sends needs no `receive`. */
defineRoom({
  sends: { tick: z.int() },
  open(room) {
    room.every(1, () => room.broadcast('tick', 1))
    return {}
  },
})

it('an author gets the types of the module, and so does a test of it', async () => {
  const room = await openRoom(all, { greeting: 'hi' })
  // @ts-expect-error an option of another type
  await expect(openRoom(all, { greeting: 1 })).rejects.toThrow('expected string')
  const ann = room.join({ name: 'ann', client: 'a' })
  await ann.send('vote', { for: 'x' }, { id: '1' })
  // @ts-expect-error the room takes no such type
  await expect(ann.send('voted', { for: 'x' })).rejects.toThrow()
  const { data } = await ann.next('voted')
  is<Same<typeof data, { for: string; count: number }>>()
  is<Same<ReturnType<typeof room.storage.get<'question'>>, string | undefined>>()
  await room.post('vote', { for: 'x' }, { name: 'bob' })
  // @ts-expect-error nor from who is no member
  await expect(room.post('voted', { for: 'x' })).rejects.toThrow()
  ann.drop()
  await room.restart()
  expect(room.storage.get('length')).toBe(4)
})

it('an author of a raw room, too', async () => {
  const room = await openRoom(raw)
  room.join().send(new Uint8Array(1))
  expect(room.storage.get('doc')).toEqual(new Uint8Array(1))
  // @ts-expect-error it takes bytes
  expect(() => room.storage.set('doc', 'text')).toThrow(TypeError)
})

it('a room without stores has nothing to get', async () => {
  const room = await openRoom(ledger)
  await expect(room.join().send('move', { from: 'a', to: 'b', amount: 1 })).resolves.toMatchObject({ seq: 1 })
  expect(room.storage.entries()).toEqual([])
})
