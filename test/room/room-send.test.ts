/** `room.send`: what a room says to another, when it leaves, who it is there, and how it ends. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../src/define.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import type { Client } from '../support/client.ts'
import { closeInTime, passUntil } from '../support/close-in-time.ts'
import { startServer, type TestServer } from '../support/server.ts'

const ledger = defineRoom({
  receives: { move: z.object({ amount: z.int() }), reject: z.null(), slow: z.null(), who: z.null() },
  sends: { moved: z.int() },
  stores: { sum: z.int().default(0) },
  open(room) {
    return {
      join: () => notes.push('join'),
      receive: {
        move(_, { amount }) {
          room.storage.set('sum', room.storage.get('sum') + amount)
          void room.publish('moved', room.storage.get('sum'))
        },
        reject: () => Promise.reject(new RoomError('no_money', 'there is none')),
        slow() {
          notes.push('slow')
          return new Promise(() => {})
        },
        who({ id, name, via, isMember, isHere, claims }) {
          notes.push({ id, name, via, isMember, isHere, claims, size: room.size })
        },
      },
    }
  },
})

const teller = defineRoom({
  receives: {
    send: z.object({ path: z.string(), type: z.string(), data: z.any(), id: z.string().optional() }),
    undone: z.null(),
  },
  sends: { answer: z.any() },
  stores: { count: z.int().default(0) },
  open: (room) => ({
    receive: {
      async send(peer, { path, type, data, id }) {
        const sent = room.send(path, type, data, id === undefined ? {} : { id })
        peer.send('answer', await sent.catch(({ code }) => ({ code })))
      },
      undone() {
        sent = room.send<typeof ledger>('/ledger', 'move', { amount: 100 })
        throw new RoomError('no', 'planned')
      },
    },
  }),
})

/** Two rooms that ask each other for ever. */
const circle = (other: string) =>
  defineRoom({
    receives: { go: z.int() },
    open: (room) => ({
      receive: {
        async go(_, round) {
          rounds = Math.max(rounds, round)
          await room.send(other, 'go', round + 1)
        },
      },
    }),
  })

let server: TestServer
let clock: HandClock
let ann: Client
let notes: unknown[]
let sent: Promise<unknown> | undefined
let rounds: number

beforeEach(async () => {
  notes = []
  rounds = 0
  // A circle has always something to do soon, and a hand clock would wait for the end of that.
  clock = { ...handClock(), soon: (fn) => void setImmediate(fn) }
  server = await startServer({
    clock,
    rooms: {
      '/ledger': {
        definition: ledger,
        auth: { secret: 's'.repeat(32) },
        limits: { payload: 300, rate: { perSecond: 1, burst: 1 } },
      },
      '/teller': { definition: teller },
      '/other/:name': { definition: teller },
      '/ping': { definition: circle('/pong') },
      '/pong': { definition: circle('/ping') },
      '/raw': { module: 'echo' },
    },
  })
  ann = await server.connect('/teller', { client: 'ann' })
})
afterEach(() => closeInTime(server, clock))

async function answer(path: string, type: string, data: unknown, id?: string): Promise<unknown> {
  ann.send('send', { path, type, data, id })
  return (await ann.next('answer')).data
}

it('arrives as of a peer that is no member, past auth and rates, and its answer comes back', async () => {
  const { kept } = (await answer('/ledger', 'move', { amount: 1 })) as { kept: string }
  expect(await answer('/ledger', 'move', { amount: 2 })).toEqual({ seq: 2, kept })
  expect(await answer('/ledger', 'who', null)).toEqual({ kept })
  expect(notes).toEqual([
    { id: '/teller', name: '/teller', via: 'room', isMember: false, isHere: true, claims: undefined, size: 0 },
  ])
})

it('is handled once for each id of a room', async () => {
  const first = await answer('/ledger', 'move', { amount: 5 }, 'x')
  expect(await answer('/ledger', 'move', { amount: 5 }, 'x')).toEqual({ ...(first as object), duplicate: true })
  expect(await answer('/ledger', 'move', { amount: 6 }, 'x')).toEqual({ code: 'conflict' })
  ann = await server.connect('/other/a')
  expect(await answer('/ledger', 'move', { amount: 5 }, 'x')).toMatchObject({ seq: 2 })
})

it.each([
  ['/ledger', 'reject', null, 'no_money'],
  ['/ledger', 'nothing', null, 'unknown_type'],
  ['/ledger', 'move', {}, 'invalid'],
  ['/ledger', 'move', { amount: 1, more: 'x'.repeat(300) }, 'bad_message'],
  ['/nowhere', 'move', null, 'not_found'],
  ['/healthz', 'move', null, 'not_found'],
  ['/raw', 'move', null, 'not_found'],
])('to %s as %s %j is answered %s', async (path, type, data, code) => {
  expect(await answer(path, type, data)).toEqual({ code })
})

it('is never sent if its step is undone', async () => {
  ann.send('undone', null, 'm')
  expect(await ann.next('error')).toMatchObject({ id: 'm', data: { code: 'no' } })
  await expect(sent).rejects.toMatchObject({ code: 'unavailable' })
  expect(await answer('/ledger', 'move', { amount: 1 })).toMatchObject({ seq: 1 })
})

it('is answered unavailable after 5 s', async () => {
  let isOver = false
  const answered = answer('/ledger', 'slow', null).finally(() => {
    isOver = true
  })
  await expect.poll(() => notes).toContain('slow')
  const ben = await server.connect('/other/b')
  await clock.advance(4999)
  // An answer of that time would come before this one.
  ben.send('send', { path: '/ledger', type: 'move', data: { amount: 1 } })
  await ben.next('answer')
  expect(isOver).toBe(false)
  await clock.advance(1)
  expect(await answered).toEqual({ code: 'unavailable' })
})

it('ends in a circle of rooms that wait for each other, and meanwhile the server goes on', async () => {
  let isOver = false
  const circling = answer('/ping', 'go', 0).finally(() => {
    isOver = true
  })
  const ben = await server.connect('/other/b')
  ben.send('send', { path: '/ledger', type: 'move', data: { amount: 1 } })
  expect(await ben.next('answer')).toMatchObject({ data: { seq: 1 } })
  await expect.poll(() => rounds).toBeGreaterThan(10)
  expect(isOver).toBe(false)
  await passUntil(clock, circling)
  expect(await circling).toEqual({ code: 'unavailable' })
  const reached = rounds
  expect(await answer('/ledger', 'move', { amount: 1 })).toMatchObject({ seq: 2 })
  expect(rounds).toBe(reached)
})

it('leaves a few at a time, so that a room that says very much at once leaves others their turns', async () => {
  const perTurn: number[] = [0]
  const sink = defineRoom({
    receives: { tick: z.null() },
    open: () => ({ receive: { tick: () => void perTurn.push((perTurn.pop() ?? 0) + 1) } }),
  })
  const flood = defineRoom({
    receives: { go: z.int() },
    open: (room) => ({
      receive: {
        async go(_, count) {
          await Promise.all(Array.from({ length: count }, () => room.send('/sink', 'tick', null)))
        },
      },
    }),
  })
  const other = await startServer({ rooms: { '/sink': { definition: sink }, '/flood': { definition: flood } } })
  try {
    const bob = await other.connect('/flood', { client: 'bob' })
    let isOver = false
    const turn = () => {
      perTurn.push(0)
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    bob.send('go', 1000, '1')
    expect(await bob.next('ack')).toMatchObject({ id: '1' })
    isOver = true
    expect(perTurn.reduce((sum, each) => sum + each)).toBe(1000)
    expect(Math.max(...perTurn)).toBeLessThan(100)
  } finally {
    await other.close()
  }
})
