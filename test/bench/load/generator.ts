/**
 * The load generator, a process of its own: carries out one job (its only argument, JSON) against a server that runs
 * already, and prints the result as one line of JSON.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { dialects } from './dialect.ts'
import { Fleet } from './fleet.ts'
import type { Job, Result, Step, Storm } from './job.ts'
import { Messages } from './message.ts'
import { Nap, SHORT_NAP_MS } from './nap.ts'
import { openings } from './openings.ts'
import { rssOf, Stretch } from './processor.ts'
import { search } from './search.ts'
import { nowUs } from './stamp.ts'
import { runStep } from './step.ts'
import { resumeStorm } from './storm.ts'

const SETTLE_MS = 400
const DRAIN_MS = 8000
/** Messages per second among so many peers, before anything is measured. */
const WARM = { peers: 20, rate: 400 }
const LATER_STORMS = 3
/** All peers hear something before it counts. */
const WARM_STEP_SECONDS = 0.5

export async function carryOut(job: Job): Promise<Result> {
  const fleet = new Fleet(job)
  const messages = new Messages(job, dialects[job.dialect])
  const stretch = new Stretch(job.pid)
  try {
    const outcome = await outcomeOf(job, fleet, messages)
    const { stolenShare, othersShare, loadShare } = stretch.end()
    return {
      connections: fleet.live,
      deflated: fleet.deflated,
      stolenShare,
      othersShare,
      loadShare,
      ...outcome,
    }
  } finally {
    fleet.destroy()
  }
}

async function outcomeOf(job: Job, fleet: Fleet, messages: Messages): Promise<Partial<Result>> {
  if (job.mode === 'resume') return { resume: await resumeStorm(fleet, messages) }
  const { rate, seconds, warmSeconds } = job
  if (job.mode === 'connect') return connect(fleet, seconds)
  if (job.mode === 'open') return { openings: await openings(fleet) }
  if (job.mode !== 'echo') await warm(fleet, messages, warmSeconds)
  await fleet.open()
  await sleep(SETTLE_MS)
  switch (job.mode) {
    case 'echo':
      return { step: await echo(fleet, messages, seconds) }
    case 'search': {
      const { best, steps } = await search(fleet, messages)
      return { step: best, steps, kept: keptBy(fleet) }
    }
    case 'steady':
      await runStep(fleet, messages, { rate, seconds: WARM_STEP_SECONDS, drainMs: DRAIN_MS })
      await sleep(100)
      return { step: await runStep(fleet, messages, { rate, seconds, drainMs: DRAIN_MS }), kept: keptBy(fleet) }
  }
}

/** A server that has run for a while has compiled its code: a few peers see to that, at little cost to any server. */
async function warm(fleet: Fleet, messages: Messages, seconds: number): Promise<void> {
  await fleet.open(WARM.peers)
  await runStep(fleet, messages, { rate: WARM.rate, seconds, drainMs: DRAIN_MS })
}

/** A storm on a fresh server, whose peers then idle; and storms on the same server later. */
async function connect(fleet: Fleet, seconds: number): Promise<Partial<Result>> {
  const { job } = fleet
  const before = rssOf(job.pid)
  const first = await fleet.open()
  await sleep(SETTLE_MS + seconds * 1000)
  const idle = rssOf(job.pid)
  const later: Storm[] = []
  for (let i = 0; i < LATER_STORMS; i += 1) {
    await fleet.clear()
    await sleep(SETTLE_MS)
    later.push(await fleet.open())
  }
  const mean = (values: (number | undefined)[]) => values.reduce<number>((sum, n) => sum + (n ?? 0), 0) / values.length
  return {
    idleBytesPerPeer: before === undefined || idle === undefined ? undefined : (idle - before) / job.peers,
    storms: {
      first,
      later: {
        perSecond: 1 / mean(later.map(({ perSecond }) => 1 / perSecond)),
        serverUs: first.serverUs === undefined ? undefined : mean(later.map(({ serverUs }) => serverUs)),
      },
    },
  }
}

/** A closed loop: each connection sends the next message when the last has come back. */
async function echo(fleet: Fleet, messages: Messages, seconds: number): Promise<Step> {
  const { job, tally, connections } = fleet
  const sentUs = new Map(connections.map((connection) => [connection, 0]))
  const run = async (seconds: number): Promise<Step> => {
    fleet.reset()
    const stretch = new Stretch(job.pid)
    const startUs = nowUs()
    tally.onDelivery = (connection) => {
      const now = nowUs()
      tally.latencies.add(now - (sentUs.get(connection) ?? now))
      sentUs.set(connection, now)
      connection.send(messages.take([now]))
    }
    for (const connection of connections) {
      sentUs.set(connection, nowUs())
      connection.send(messages.take([nowUs()]))
    }
    await new Nap(tally, SHORT_NAP_MS).until(sleep(seconds * 1000))
    // What is on its way comes back, and nothing follows it.
    tally.onDelivery = () => {}
    const { delivered, bytes } = tally
    const took = (nowUs() - startUs) / 1e6
    const { serverUs, loadUs, ...shares } = stretch.end()
    await sleep(200)
    return {
      rate: delivered / took,
      published: delivered,
      refused: 0,
      delivered,
      lost: Math.max(0, delivered + connections.length - tally.delivered),
      doubled: Math.max(0, tally.delivered - delivered - connections.length),
      closed: fleet.closed,
      offeredPerSecond: delivered / took,
      deliveredPerSecond: delivered / took,
      p50Ms: tally.latencies.quantileMs(0.5),
      p99Ms: tally.latencies.quantileMs(0.99),
      maxMs: tally.latencies.maxMs,
      serverUs: serverUs === undefined ? undefined : serverUs / Math.max(1, delivered),
      loadUs: loadUs / Math.max(1, delivered),
      bytesPerDelivery: bytes / Math.max(1, delivered),
      rssBytes: rssOf(job.pid),
      ...shares,
    }
  }
  await run(job.warmSeconds)
  return run(seconds)
}

/** How well an ack said that its message is kept. */
function keptBy({ connections }: Fleet): string | undefined {
  const ack = connections.find(({ ack }) => ack !== undefined)?.ack
  return ack && /"kept":"(\w+)"/.exec(ack)?.[1]
}

if (process.argv[2] !== undefined) {
  try {
    process.stdout.write(`${JSON.stringify(await carryOut(JSON.parse(process.argv[2]) as Job))}\n`)
    process.exit(0)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exit(1)
  }
}
