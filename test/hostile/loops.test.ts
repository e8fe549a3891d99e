/**
 * Loops over many peers that one of them breaks: an error in the midst of a queue, a shard, a ring or a sweep is
 * reported once, and the other peers and later work are still handled.
 */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Audience } from '../../src/delivery/audience.ts'
import { FlushQueue } from '../../src/delivery/flush-queue.ts'
import { Frame } from '../../src/delivery/frame.ts'
import { type Backlog, Pressure } from '../../src/delivery/pressure.ts'
import { Subscriber, type SubscriberOwner } from '../../src/delivery/subscriber.ts'
import { Deadlines } from '../../src/room/deadlines.ts'
import type { Exchange } from '../../src/room/exchange.ts'
import { newTally } from '../../src/tally.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { Heartbeat } from '../../src/transports/heartbeat.ts'
import { StuckWire } from '../support/stuck-wire.ts'

const broken = new Error('broken')

function fails(): never {
  throw broken
}

describe('the fan-out', () => {
  /** An audience, and who of it was cut with which code. */
  function audience() {
    const logged: unknown[] = []
    const cut: [Subscriber, number][] = []
    const failed: unknown[] = []
    const flushQueue = new FlushQueue(handClock(), undefined, (error) => failed.push(error))
    const log = { debug() {}, info() {}, warn() {}, error: (fields: object | string) => void logged.push(fields) }
    const all: Audience = new Audience(flushQueue, {
      limitBytes: 1e6,
      tally: newTally(),
      logger: log,
    })
    const owner: SubscriberOwner = {
      cut(subscriber, { code }) {
        cut.push([subscriber, code])
        all.remove(subscriber)
      },
    }
    const subscriber = (wire = new StuckWire()) => {
      const made = new Subscriber(owner, wire, all)
      all.add(made)
      return { subscriber: made, wire }
    }
    return { all, flushQueue, logged, cut, failed, subscriber }
  }

  it('goes on with a shard in which one wire throws, and closes that one alone', async () => {
    const { all, logged, cut, subscriber } = audience()
    const [first, bad, last] = [subscriber(), subscriber(), subscriber()]
    bad.wire.send = fails
    all.deliver(new Frame(undefined, 'one'))
    await setImmediate()
    all.deliver(new Frame(undefined, 'two'))
    await setImmediate()
    expect([first.wire.sent, last.wire.sent]).toEqual(['one\ntwo\n', 'one\ntwo\n'])
    expect(cut).toEqual([[bad.subscriber, 1011]])
    expect(logged).toEqual([{ err: broken }])
  })

  it('cuts everyone for whom a frame cannot be put into bytes, so that nobody has a hole, and goes on', async () => {
    const { all, cut, subscriber } = audience()
    const one = subscriber()
    const frame = new Frame(undefined, 'bad')
    frame.bytes = fails
    all.deliver(frame)
    await setImmediate()
    expect(cut).toEqual([[one.subscriber, 1011]])
    const other = subscriber()
    all.deliver(new Frame(undefined, 'good'))
    await setImmediate()
    expect(other.wire.sent).toBe('good\n')
  })

  it('goes on with its queue if closing a peer, or a page of the log, throws', async () => {
    const { all, flushQueue, failed, subscriber } = audience()
    const { wire } = subscriber()
    flushQueue.end(fails)
    const page = flushQueue.writeHistory(fails)
    all.deliver(new Frame(undefined, 'one'))
    await expect(page).rejects.toBe(broken)
    expect([wire.sent, failed]).toEqual(['one\n', [broken]])
    await flushQueue.writeHistory(() => {})
  })
})

it('the heartbeat watches on over a connection, and the others, when one throws', async () => {
  const clock = handClock()
  const failed: unknown[] = []
  const heartbeat = new Heartbeat(clock, (error) => failed.push(error))
  const socket = (look: () => void) => ({
    isAlive: true,
    isPaused: true,
    readyState: 1,
    sendPing() {},
    timeOut() {},
    checkStalls: look,
  })
  let looks = 0
  heartbeat.add(socket(fails), 10_000)
  heartbeat.add(
    socket(() => {
      looks += 1
    }),
    10_000,
  )
  await clock.advance(30_000)
  expect([looks, failed]).toEqual([3, [broken, broken, broken]])
})

it('the deadlines notify every waiting exchange, also when one notification throws', async () => {
  const clock = handClock()
  const failed: unknown[] = []
  const deadlines = new Deadlines(clock, (error) => failed.push(error))
  const notified: number[] = []
  const exchange = () => ({ isAnswered: false, startedMs: clock.monotonic() }) as Exchange
  deadlines.add(exchange(), fails)
  deadlines.add(exchange(), () => notified.push(1))
  await clock.advance(5000)
  deadlines.add(exchange(), () => notified.push(2))
  await clock.advance(5000)
  expect([notified, failed]).toEqual([[1, 2], [broken]])
})

it('the pressure relieves the next where relieving one throws', async () => {
  const failed: unknown[] = []
  const pressure = new Pressure(
    handClock(),
    () => 10,
    (error) => failed.push(error),
  )
  const relieved: number[] = []
  const backlog = (waiting: number, relieve: () => void): Backlog => ({ waiting, isGone: false, relieve, drop() {} })
  pressure.noteBacklog(backlog(30, fails))
  pressure.noteBacklog(backlog(20, () => relieved.push(20)))
  pressure.noteBacklog(backlog(5, () => relieved.push(5)))
  await setImmediate()
  expect([relieved, failed]).toEqual([[20], [broken]])
})
