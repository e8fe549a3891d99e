/**
 * The load generator, a process of its own: carries out one job (its only argument, JSON) against a server that runs
 * already, and prints the result as one line of JSON.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { dialects } from './dialect.ts'
import { Fleet } from './fleet.ts'
import type { Job, Result, Step } from './job.ts'
import { Messages } from './message.ts'
import { rssOf, Stretch } from './processor.ts'
import { search } from './search.ts'
import { nowUs } from './stamp.ts'
import { runStep } from './step.ts'
import { resumeStorm } from './storm.ts'

const SETTLE_MS = 400
const DRAIN_MS = 8000

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
      handshakesPerSecond: fleet.handshakes.perSecond,
      handshakeUs: fleet.handshakes.serverUs,
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
  const rss = rssOf(job.pid)
  await fleet.open()
  await sleep(SETTLE_MS)
  switch (job.mode) {
    case 'connect': {
      await sleep(seconds * 1000)
      const idle = rssOf(job.pid)
      return { idleBytesPerPeer: rss === undefined || idle === undefined ? undefined : (idle - rss) / job.peers }
    }
    case 'echo':
      return { step: await echo(fleet, messages, seconds) }
    case 'search': {
      await runStep(fleet, messages, { rate: rate / 2, seconds: warmSeconds, drainMs: DRAIN_MS })
      const { best, steps } = await search(fleet, messages)
      return { step: best, steps, kept: keptBy(fleet) }
    }
    case 'steady':
      await runStep(fleet, messages, { rate, seconds: warmSeconds, drainMs: DRAIN_MS })
      await sleep(100)
      return { step: await runStep(fleet, messages, { rate, seconds, drainMs: DRAIN_MS }), kept: keptBy(fleet) }
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
    await sleep(seconds * 1000)
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
