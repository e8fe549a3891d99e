/**
 * One measurement: publishes at an even rate for some seconds, whatever comes back, and then waits for the rest. A
 * message is timed from when it was due, so a generator or server that falls behind cannot hide it.
 */
import type { Fleet } from './fleet.ts'
import type { Step } from './job.ts'
import type { Messages } from './message.ts'
import { Nap } from './nap.ts'
import { rssOf, Stretch } from './processor.ts'
import { nowUs } from './stamp.ts'

/** A sender with more than this unsent does not send: the message is refused, and the step fails. */
const MAX_WAITING_BYTES = 256 * 1024
/** The wait for the rest ends when nothing has come for so long. */
const STALL_MS = 3000

export interface Pace {
  readonly rate: number
  readonly seconds: number
  readonly drainMs: number
}

export async function runStep(fleet: Fleet, messages: Messages, { rate, seconds, drainMs }: Pace): Promise<Step> {
  const { job, tally } = fleet
  fleet.reset()
  fleet.rest(rate)
  const stretch = new Stretch(job.pid)
  const startUs = nowUs()
  const sent = await publish(fleet, messages, rate, seconds, startUs)
  fleet.wake()
  const { expected, isOver } = expectation(fleet, sent.published)
  await drained(fleet, isOver, drainMs)
  const { serverUs, loadUs, loadShare, stolenShare, othersShare } = stretch.end()
  const tookSeconds = Math.max(seconds, (tally.lastUs - startUs) / 1e6)
  const { lost, doubled } = compare(fleet, expected)
  const per = Math.max(1, tally.delivered)
  const perMessage = job.hasAcks ? 1 : job.peers / job.rooms
  return {
    rate,
    ...sent,
    delivered: tally.delivered,
    lost,
    doubled,
    closed: fleet.closed,
    offeredPerSecond: rate * perMessage,
    deliveredPerSecond: tally.delivered / tookSeconds,
    p50Ms: tally.latencies.quantileMs(0.5),
    p99Ms: tally.latencies.quantileMs(0.99),
    maxMs: tally.latencies.maxMs,
    serverUs: serverUs === undefined ? undefined : serverUs / per,
    loadUs: loadUs / per,
    loadShare,
    bytesPerDelivery: tally.bytes / per,
    rssBytes: rssOf(job.pid),
    stolenShare,
    othersShare,
  }
}

/** Publishes `rate × seconds` messages, the senders in turn; what is due at once for one sender goes in one write. */
async function publish(fleet: Fleet, messages: Messages, rate: number, seconds: number, startUs: number) {
  const senders = fleet.connections.slice(0, fleet.job.senders)
  const total = Math.round(rate * seconds)
  const usEach = 1e6 / rate
  let done = 0
  let refused = 0
  let turnOf = 0
  const nap = new Nap(fleet.tally)
  while (done < total) {
    const due = Math.min(total, Math.floor((nowUs() - startUs) / usEach) + 1)
    const portion = Math.ceil((due - done) / senders.length)
    while (done < due) {
      const count = Math.min(portion, due - done)
      const times = Array.from({ length: count }, (_, i) => Math.round(startUs + (done + i) * usEach))
      done += count
      const sender = senders[turnOf++ % senders.length]
      if (!sender || sender.isClosed || sender.waiting > MAX_WAITING_BYTES) {
        refused += count
        continue
      }
      for (const time of times) fleet.publishing(sender.room, time)
      sender.send(messages.take(times))
    }
    await nap.take()
  }
  return { published: total - refused, refused }
}

/** What each connection must have got. Acks come to who published, in turn, so only their sum is known. */
function expectation(fleet: Fleet, published: number): { expected: number | undefined; isOver: () => boolean } {
  const { job, tally, connections } = fleet
  if (job.hasAcks) return { expected: published, isOver: () => tally.delivered >= published }
  let sum = 0
  for (const { room } of connections) sum += fleet.published[room] ?? 0
  return { expected: undefined, isOver: () => tally.delivered >= sum }
}

async function drained(fleet: Fleet, isOver: () => boolean, drainMs: number): Promise<void> {
  const endMs = performance.now() + drainMs
  let delivered = -1
  let progressMs = performance.now()
  const nap = new Nap(fleet.tally)
  while (!isOver() && performance.now() < endMs) {
    if (fleet.tally.delivered !== delivered) progressMs = performance.now()
    if (performance.now() - progressMs > STALL_MS) return
    delivered = fleet.tally.delivered
    await nap.take()
  }
}

function compare(fleet: Fleet, sum: number | undefined): { lost: number; doubled: number } {
  if (sum !== undefined) {
    const missing = sum - fleet.tally.delivered
    return { lost: Math.max(0, missing), doubled: Math.max(0, -missing) }
  }
  let lost = 0
  let doubled = 0
  for (const { room, got } of fleet.connections) {
    const missing = (fleet.published[room] ?? 0) - got
    if (missing > 0) lost += missing
    else doubled -= missing
  }
  return { lost, doubled }
}
