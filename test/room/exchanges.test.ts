/**
 * Every message is answered and counted once, whatever its handler does, however slow or broken the log is, and if it
 * is sent twice, over two transports, or too late. A peer with a message that stays open could never be dismissed.
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { payloadOf } from '../../src/delivery/payload.ts'
import { dismissAfterAnswers } from '../../src/room/dismissal.ts'
import type { EventSession } from '../../src/room/open-room.ts'
import { LivePeer } from '../../src/room/peer.ts'
import { TestWire } from '../../src/testing/test-wire.ts'
import { clientOf, openMoodyRoom } from '../support/moody-room.ts'
import { type Dice, seeded } from '../support/random.ts'

const message = (type: string, id: string, data: unknown = 1) => JSON.stringify({ type, data, id })

afterEach(() => vi.restoreAllMocks())

describe('whatever happens to a message', () => {
  const TYPES = ['say', 'note', 'fail', 'late', 'slow', 'unknown']
  const ODD = ['plain text', '{"type":', '{"type":"say","data":"no number"}', '{"id":"odd","type":1}']

  /** Says random things for a while, then lets all of it come to its end. */
  async function play(random: Dice) {
    const began = vi.spyOn(LivePeer.prototype, 'exchangeBegan')
    const ended = vi.spyOn(LivePeer.prototype, 'exchangeEnded')
    const mood = (call: string) =>
      call !== 'read' && random.oneIn(2)
        ? { delayMs: random.below(random.pick([5, 500, 7000])), isBroken: random.oneIn(4) }
        : undefined
    const { room, clock } = await openMoodyRoom(mood, () => random.below(random.pick([5, 500, 7000])))
    const clients = ['ann', 'ben']
    const wires = clients.map(() => new TestWire([]))
    const heard = wires.map((wire) => vi.spyOn(wire, 'send'))
    const sessions = clients.map((client, at) => room.join(clientOf(client), wires[at] as TestWire, undefined))
    const peers = [...room.present.peers()]
    const said: string[][] = clients.map(() => [])
    const posts: Promise<unknown>[] = []
    for (let step = 0; step < 400; step += 1) {
      const at = random.below(2)
      const session = sessions[at] as EventSession
      const id = `m${random.below(80)}`
      const type = random.pick(TYPES)
      const data = random.oneIn(10) ? 2 : 1
      const dice = random.below(10)
      if (dice < 6) {
        session.receive(message(type, id, data))
        said[at]?.push(id)
      } else if (dice < 7) session.receive(random.pick(ODD))
      else if (dice < 9) {
        // As `append.ts` does: checked before; sent by the peer of an event stream, or by an anonymous sender.
        const sender = random.oneIn(2) ? session : room.anonymousSender(clientOf(clients[at] as string))
        const ids = Array.from({ length: 1 + random.below(3) }, () => `m${random.below(80)}`)
        const batch = ids.map((id) => ({ type: random.pick(TYPES.slice(0, 5)), data, id }))
        posts.push(sender.post(batch).catch((error) => error))
      } else await clock.advance(random.below(random.pick([2, 300, 3000])))
    }
    for (let turn = 0; turn < 400; turn += 1) await clock.advance(7000)
    // An expected event may still wait for its timer.
    for (const session of sessions) session.flush()
    return { began, ended, peers, said, posts, heard }
  }

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('it is answered once, and nothing stays open (seed %i)', async (seed) => {
    const { began, ended, peers, said, posts, heard } = await play(seeded(seed))
    // Every batch has its answer, or the test never ends.
    await Promise.all(posts)
    const open = new Map<unknown, number>()
    for (const peer of began.mock.contexts) open.set(peer, (open.get(peer) ?? 0) + 1)
    for (const peer of ended.mock.contexts) open.set(peer, (open.get(peer) ?? 0) - 1)
    expect([...open.values()].filter((count) => count !== 0)).toEqual([])
    for (const peer of peers) expect(peer.settled()).toBe(undefined)
    for (const [at, ids] of said.entries()) {
      const frames = heard[at]?.mock.calls.flatMap(([, frames]) => frames) ?? []
      const answers = frames.flatMap(({ answer }) => (/^m\d+$/.test(answer?.id ?? '') ? [answer?.id as string] : []))
      // Answers to a batch of the peer itself reach its stream too.
      const left = [...answers]
      for (const id of ids) left.splice(left.indexOf(id), left.includes(id) ? 1 : 0)
      expect(answers.length).toBeGreaterThan(20)
      expect(answers.length - left.length).toBe(ids.length)
    }
  })
})

describe('a message whose answer comes too late or never', () => {
  const quiet = (wait: () => Promise<unknown>) => ({
    receives: { note: z.number() },
    open: () => ({ receive: { note: () => wait() } }),
  })

  it.each([
    ['at once', async () => {}],
    ['later', () => new Promise((resolve) => setImmediate(resolve))],
  ])('whose log takes no more ids gets an error, and the next is handled (its handler ends %s)', async (_, wait) => {
    let isFull = true
    const mood = (call: string) => {
      return isFull && call === 'append' ? { isBroken: true } : undefined
    }
    const { room, clock, errors } = await openMoodyRoom(mood, () => 0, quiet(wait))
    const wire = new TestWire([])
    const heard = vi.spyOn(wire, 'send')
    const ann = room.join(clientOf('ann'), wire, undefined)
    ann.receive(message('note', '1'))
    await clock.advance(1000)
    isFull = false
    ann.receive(message('note', '2'))
    await clock.advance(1000)
    ann.flush()
    const said = heard.mock.calls.flatMap(([, frames]) => frames.map((frame) => String(payloadOf(frame)))).join('')
    expect(said).toMatch(/"type":"error","id":"1".*"unavailable".*"type":"ack","id":"2"/s)
    expect(room.present.withKey('ann')?.settled()).toBe(undefined)
    expect(errors).toEqual([])
  })

  it('posted again and again has the same answer each time, and is kept once', async () => {
    const { room } = await openMoodyRoom(() => undefined)
    const say = () => room.anonymousSender(clientOf('ann')).post([{ type: 'say', data: 1, id: '1' }])
    expect([await say(), await say(), await say()]).toEqual([
      { seq: 1, isDuplicate: false, kept: 'memory' },
      { seq: 1, isDuplicate: true, kept: 'memory' },
      { seq: 1, isDuplicate: true, kept: 'memory' },
    ])
    expect(room.roomLog.seq).toBe(1)
  })

  it.each([1, 2])('posted with %i of its kind, is not handled if its sender no longer waits for it', async (count) => {
    const slow = () => ({ delayMs: 6000, isBroken: false })
    const { room, clock } = await openMoodyRoom((call) => (call === 'recall' ? slow() : undefined))
    let isLate = false
    const batch = Array.from({ length: count }, (_, at) => ({ type: 'say', data: 1, id: String(at) }))
    const posted = room.anonymousSender(clientOf('ann')).post(batch, { isLate: () => isLate })
    const outcome = expect(posted).rejects.toMatchObject({ code: 'unavailable' })
    await clock.advance(5000)
    isLate = true
    await clock.advance(2000)
    await outcome
    expect(room.roomLog.seq).toBe(0)
  })
})

describe('a batch with a message that is being handled on another connection', () => {
  it('is answered with the error that was the answer there', async () => {
    const { room, clock } = await openMoodyRoom(
      () => undefined,
      () => 100,
    )
    const ann = room.join(clientOf('ann'), new TestWire([]), undefined)
    ann.receive(message('late', '1'))
    const posted = room.anonymousSender(clientOf('ann')).post([{ type: 'late', data: 1, id: '1' }])
    const outcome = expect(posted).rejects.toMatchObject({ code: 'too_late' })
    await clock.advance(200)
    await outcome
  })

  it.each([0, 1, 2, 3, 4, 5, 6])('is answered also if it comes just before that answer (%i steps)', async (steps) => {
    const { room, clock } = await openMoodyRoom(
      () => undefined,
      () => 100,
    )
    room.join(clientOf('ann'), new TestWire([]), undefined).receive(message('late', '1'))
    const time = clock.advance(100)
    for (let step = 0; step < steps; step += 1) await undefined
    let isOver = false
    const over = () => {
      isOver = true
    }
    room
      .anonymousSender(clientOf('ann'))
      .post([{ type: 'late', data: 1, id: '1' }])
      .then(over, over)
    await time
    await clock.advance(200)
    expect(isOver).toBe(true)
  })

  it('is answered if that message had timed out before the batch began', async () => {
    let isSlow = true
    const { room, clock } = await openMoodyRoom(
      (call) => (isSlow && call === 'recall' ? { delayMs: 6000, isBroken: false } : undefined),
      () => 0,
    )
    const ann = room.join(clientOf('ann'), new TestWire([]), undefined)
    ann.receive(message('say', '1'))
    isSlow = false
    const posted = room.anonymousSender(clientOf('ann')).post([{ type: 'say', data: 1, id: '1' }])
    const outcome = expect(posted).rejects.toMatchObject({ code: 'unavailable' })
    await clock.advance(7000)
    await outcome
    expect(room.present.withKey('ann')?.settled()).toBe(undefined)
    // It was never handled, so it may be sent again.
    await room.anonymousSender(clientOf('ann')).post([{ type: 'say', data: 1, id: '1' }])
    expect(room.roomLog.seq).toBe(1)
  })

  it('fails with one line in the log, however many messages it has', async () => {
    const { room, errors } = await openMoodyRoom(
      () => undefined,
      () => 0,
    )
    const batch = ['say', 'say', 'fail'].map((type, at) => ({ type, data: 1, id: String(at) }))
    await expect(room.anonymousSender(clientOf('ann')).post(batch)).rejects.toMatchObject({ code: 'internal' })
    expect(errors).toHaveLength(1)
  })
})

it('a peer that two exchanges wait for settles both before either times out', async () => {
  const { room, clock } = await openMoodyRoom(
    (call) => (call === 'read' ? undefined : { delayMs: 500, isBroken: false }),
    () => 0,
  )
  const wire = new TestWire([])
  const ann = room.join(clientOf('ann'), wire, undefined)
  ann.receive(message('note', '1'))
  const reason = () => ({ code: 1012, reason: 'restart' })
  let over = 0
  for (let who = 0; who < 2; who += 1)
    void dismissAfterAnswers(room, [...room.present.peers()], reason).then(() => (over += 1))
  await clock.advance(900)
  expect(over).toBe(0)
  await clock.advance(200)
  expect(over).toBe(2)
  expect(wire.closed).toMatchObject({ code: 1012 })
})
