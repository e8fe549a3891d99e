/**
 * What the private session id of a stock client (4.6 or newer) is worth: it is the client's own id over its connections,
 * and to anyone else no more than an id that they chose.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../../src/define.ts'
import { connected, hears, openCutOff, SAYINGS, welcome } from '../../support/cut-off.ts'
import type { StockSocket } from '../../support/stock-socket.ts'

/** The calls of the members' handlers, and what holds the answer to `slow` back. */
const calls: string[] = []
let release = Promise.withResolvers<void>()
let handled = Promise.withResolvers<void>()

const noted = defineRoom({
  receives: { slow: z.string(), go: z.null().optional() },
  sends: { said: z.string() },
  open: (room) => ({
    join: (peer) => void calls.push(`join ${peer.name}`),
    drop: (peer) => void calls.push(`drop ${peer.name}`),
    rejoin: (peer) => void calls.push(`rejoin ${peer.name}`),
    leave: (peer) => void calls.push(`leave ${peer.name}`),
    receive: {
      async slow(_, text) {
        await room.publish('said', text)
        handled.resolve()
        await release.promise
      },
      go: (peer) => peer.close(4000, 'go'),
    },
  }),
})
const raw = defineRoom({
  open: () => ({
    join: (peer) => void calls.push(`join ${peer.name}`),
    drop: (peer) => void calls.push(`drop ${peer.name}`),
    leave: (peer) => void calls.push(`leave ${peer.name}`),
  }),
})
const line = { definition: SAYINGS }
const corridor = openCutOff(
  {
    '/room': line,
    '/short': { ...line, history: { keep: 3, replay: 2 } },
    '/raw': { definition: raw, rejoinWithin: '1h' },
    '/noted': { definition: noted, rejoinWithin: '1h' },
    '/noted-short': { definition: noted, rejoinWithin: '1h', history: { keep: 3, replay: 2 } },
  },
  { isDurable: true },
)

beforeEach(() => {
  calls.length = 0
  release = Promise.withResolvers()
  handled = Promise.withResolvers()
})
afterEach(() => release.resolve())

const pidOf = ({ socket }: StockSocket): string => String(Reflect.get(socket, '_pid'))
const offsetOf = ({ socket }: StockSocket): string => String(Reflect.get(socket, '_lastOffset'))
const called = (call: string) => expect.poll(() => calls).toContain(call)

describe('a client that gave no `client`', () => {
  it.each(['websocket', 'polling'] as const)('is the same member when it is back over %s', async (transport) => {
    const ann = corridor.open('/noted', transport, { auth: { name: 'ann' } })
    const { you } = await welcome(ann)
    await corridor.lose(ann)
    corridor.cable.plug()
    await called('rejoin ann')
    expect((await welcome(ann)).you).toEqual(you)
    // Between two polls the server does not notice that the connection is lost.
    expect(calls.filter((call) => call !== 'drop ann')).toEqual(['join ann', 'rejoin ann'])
  })

  it('leaves at once when it says so', async () => {
    const ann = corridor.open('/noted', 'websocket', { auth: { name: 'ann' } })
    await welcome(ann)
    ann.socket.disconnect()
    await called('leave ann')
    expect(calls).toEqual(['join ann', 'leave ann'])
  })

  it('is a member of its own for every socket', async () => {
    const ann = corridor.open('/noted', 'websocket', { auth: { name: 'ann' } })
    const bob = corridor.open('/noted', 'websocket', { auth: { name: 'bob' } })
    await Promise.all([welcome(ann), welcome(bob)])
    expect(pidOf(ann)).not.toBe(pidOf(bob))
    expect(calls.toSorted()).toEqual(['join ann', 'join bob'])
  })

  it('that the room has closed comes back as somebody new', async () => {
    const ann = corridor.open('/noted', 'websocket', { auth: { name: 'ann' } })
    await welcome(ann)
    ann.socket.emit('go')
    await ann.until(() => ann.disconnects.length > 0, 'the disconnect')
    expect(ann.disconnects).toEqual(['io server disconnect'])
    ann.socket.connect()
    await welcome(ann)
    await called('leave ann')
    expect(calls.filter((call) => call !== 'leave ann')).toEqual(['join ann', 'join ann'])
  })
})

it('in a raw room, where nobody can be recovered, only who gave a `client` is waited for', async () => {
  const ann = corridor.open('/raw', 'websocket', { auth: { name: 'ann' } })
  const bob = corridor.open('/raw', 'websocket', { auth: { name: 'bob', client: 'bob' } })
  await Promise.all([connected(ann, 1), connected(bob, 1)])
  expect(pidOf(ann)).toBe('undefined')
  await corridor.lose(ann, bob)
  await called('leave ann')
  await called('drop bob')
  expect(calls).not.toContain('leave bob')
})

describe('a message with an id that is sent again', () => {
  it.each([
    ['after a recovery', '/noted', true],
    ['also where the past is gone', '/noted-short', false],
  ])('is kept once %s', async (_, path, isRecovered) => {
    const retrying = { retries: 5, ackTimeout: 60_000, auth: { name: 'ann' } }
    const ann = corridor.open(path, 'websocket', retrying)
    await welcome(ann)
    const answer = Promise.withResolvers<unknown>()
    ann.socket.emit('slow', 'once', { id: 'm1' }, (error: unknown, ack: unknown) => answer.resolve(error ?? ack))
    await handled.promise
    await hears(ann, 'once')
    await corridor.lose(ann)
    const bob = await corridor.server.connect(path, { name: 'bob', client: 'bob' })
    const others = isRecovered ? ['2'] : ['2', '3', '4', '5', '6']
    release.resolve()
    for (const text of others) bob.send('slow', text, text)
    for (const _ of others) await bob.next('ack')
    corridor.cable.plug()
    expect(await answer.promise).toMatchObject({ ok: true, seq: 1, duplicate: true })
    expect(ann.connects).toEqual([false, isRecovered])
    await hears(ann, others.at(-1) ?? '')
    expect(ann.all('said').filter((text) => text === 'once')).toEqual(['once'])
    expect((await fetch(`${corridor.server.url}${path}`).then((read) => read.json())).seq).toBe(others.length + 1)
  })

  it('is kept once over a restart', async () => {
    const ann = corridor.open('/room', 'websocket', { retries: 5, ackTimeout: 60_000 })
    await welcome(ann)
    const say = () => ann.socket.emitWithAck('say', 'once', { id: 'm1' })
    expect(await say()).toMatchObject({ ok: true, seq: 1 })
    await corridor.restart()
    corridor.cable.plug(corridor.server.port)
    await connected(ann, 2)
    expect(await say()).toMatchObject({ ok: true, seq: 1, duplicate: true })
  })

  it('of another client is another message', async () => {
    const ann = corridor.open('/room')
    const bob = corridor.open('/room')
    const answers = [ann, bob].map(({ socket }, index) => socket.emitWithAck('say', `${index}`, { id: 'm1' }))
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatchObject({ ok: true })
      expect(answer).not.toHaveProperty('duplicate')
    }
  })
})

describe('a private session id of somebody else', () => {
  it('that was guessed is nobody: its user begins like a newcomer, and the owner is not disturbed', async () => {
    const ann = corridor.open('/noted', 'websocket', { auth: { name: 'ann' } })
    await welcome(ann)
    const pid = pidOf(ann)
    const guess = `${pid.slice(0, 23)}${pid[23] === 'A' ? 'B' : 'A'}${pid.slice(24)}`
    const eve = corridor.open('/noted', 'websocket', { auth: { name: 'eve', pid: guess, offset: 'x' } })
    expect(await welcome(eve)).toMatchObject({ resumed: false, reason: 'epoch', you: { name: 'eve' } })
    expect(eve.socket.recovered).toBe(false)
    expect(pidOf(eve)).not.toBe(guess)
    expect(calls.toSorted()).toEqual(['join ann', 'join eve'])
    expect(ann.socket.connected).toBe(true)
  })

  it('is not told by the ids that others see', async () => {
    const ann = corridor.open('/room', 'websocket', { auth: { name: 'ann' } })
    const { you } = await welcome(ann)
    const pid = pidOf(ann)
    for (const shown of [ann.socket.id ?? '', you.id]) {
      expect(pid).not.toContain(shown)
      expect(shown).not.toContain(pid.slice(0, 24))
    }
    expect(JSON.stringify(corridor.server.logs)).not.toContain(pid.slice(0, 24))
  })

  it('in another room is an id there: nothing of this one comes with it', async () => {
    const other = await corridor.speaker('/room')
    const ann = corridor.open('/room')
    await welcome(ann)
    await other.say('secret')
    await hears(ann, 'secret')
    const eve = corridor.open('/short', 'websocket', { auth: { pid: pidOf(ann), offset: offsetOf(ann) } })
    expect(await welcome(eve)).toMatchObject({ resumed: false, reason: 'epoch' })
    await wait(0)
    expect(eve.all('said')).toEqual([])
  })
})

describe('a private session id and an offset that are none of ours', () => {
  it.each([
    ['of a plain Socket.IO server', 'Kbm7m2HzBzHY2CCnAAAB', 'MTcwMDAwMDAwMDAwMC0w'],
    ['empty', '', ''],
    ['long', 'p'.repeat(20_000), 'o'.repeat(20_000)],
    ['with control characters', '\0\n', '\u2028"'],
    ['of the right form, with no offset at all', `${'a'.repeat(24)}.${'b'.repeat(8)}`, undefined],
  ])('do not keep the client out: %s', async (_, pid, offset) => {
    const ann = corridor.open('/room', 'websocket', { auth: { pid, offset } })
    const { resumed } = await welcome(ann)
    expect(resumed ?? false).toBe(false)
    expect(ann.connects).toEqual([false])
    expect(pidOf(ann)).toMatch(/^[\w-]{24}\.[\w-]{8}$/)
    expect(pidOf(ann)).not.toBe(pid)
    const other = await corridor.speaker('/room')
    await corridor.lose(ann)
    await other.say('missed')
    corridor.cable.plug()
    await hears(ann, 'missed')
  })

  it.each([[7], [{}], [['-1']], ['garbage'], ['0_0']])(
    'an offset that a page itself gave wrongly is refused: %j',
    async (offset) => {
      const ann = corridor.open('/room', 'websocket', { auth: { offset } })
      await ann.until(() => ann.errors.length > 0, 'the refusal')
      expect(ann.errors).toEqual([expect.objectContaining({ code: 'bad_offset', status: 400 })])
    },
  )
})
