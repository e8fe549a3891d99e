/** Peers that come back all at once: each has missed the same events, and everyone gets new ones meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fleet } from './fleet.ts'
import { Histogram } from './histogram.ts'
import type { Result } from './job.ts'
import type { Messages } from './message.ts'
import { nowUs } from './stamp.ts'

const MISSED = 50
const LIVE_EVERY_MS = 50
const CONNECTING = 400
const WAIT_MS = 30_000

/** Connects every peer with an offset that lies 50 events back. `wrong`: peers that missed or doubled an event. */
export async function resumeStorm(fleet: Fleet, messages: Messages): Promise<NonNullable<Result['resume']>> {
  const { job } = fleet
  const { connection: host, ready } = fleet.connect(0)
  await ready
  const { epoch, seq } = (JSON.parse(host.first ?? '{}') as { data: { epoch: string; seq: number } }).data
  let published = 0
  const say = () => {
    host.send(messages.take([nowUs()]))
    published += 1
  }
  for (let i = 0; i < MISSED; i += 1) say()
  await until(() => host.got === published)
  const query = `?offset=${epoch}_${String(seq).padStart(16, '0')}`
  const latencies = new Histogram()
  const startUs = nowUs()
  const live = setInterval(say, LIVE_EVERY_MS)
  let next = 1
  const worker = async () => {
    while (next < job.peers) {
      const beganUs = nowUs()
      const { connection, ready } = fleet.connect(next++, query)
      await ready
      // What was missed comes right behind the welcome.
      while (connection.got < MISSED && !connection.isClosed) await sleep(1)
      latencies.add(nowUs() - beganUs)
    }
  }
  await Promise.all(Array.from({ length: CONNECTING }, worker))
  const tookUs = nowUs() - startUs
  clearInterval(live)
  const returned = fleet.connections.slice(1)
  const isWhole = () => returned.every(({ got }) => got >= published)
  await until(isWhole)
  const wrong = returned.filter(({ got, first }) => got !== published || !first?.includes('"resumed":true')).length
  return {
    perSecond: (job.peers - 1) / (tookUs / 1e6),
    p50Ms: latencies.quantileMs(0.5),
    p99Ms: latencies.quantileMs(0.99),
    wrong,
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + WAIT_MS
  while (!isSo() && performance.now() < endMs) await sleep(2)
}
