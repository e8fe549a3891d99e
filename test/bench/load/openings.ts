/** Storms of peers into one open room, into separate rooms, and into rooms in which each sends one message and receives it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { dialects } from './dialect.ts'
import type { Fleet } from './fleet.ts'
import { clientFrame } from './frames.ts'
import type { Job, Result, Storm } from './job.ts'
import { Nap, SHORT_NAP_MS } from './nap.ts'
import { cpuUsOf } from './processor.ts'

const SETTLE_MS = 400
const CONNECTING = 400
const WAIT_MS = 60_000
const TEXT = 1
/** A storm of each kind before anything is measured, so that the server's code is compiled. */
const WARM = 500

export async function openings(fleet: Fleet): Promise<NonNullable<Result['openings']>> {
  const { job } = fleet
  await storm(fleet, job.path, 'opens', WARM)
  await storm(fleet, '/open/warm-%r', 'opens', WARM)
  await storm(fleet, '/open/warm-said-%r', 'speaks', WARM)
  // Half before and half after, so that a machine that grows slower or faster favours neither.
  const half = Math.floor(job.peers / 2)
  const joins = await storm(fleet, job.path, 'opens', half)
  const opens = await storm(fleet, '/open/%r', 'opens', job.peers)
  const later = await storm(fleet, job.path, 'opens', job.peers - half)
  const speaks = await storm(fleet, '/open/said-%r', 'speaks', job.peers)
  return { joins: mean(joins, later), opens, speaks }
}

/** Opens `count` connections and ends them. `speaks`: each says one thing and waits until it has come back. */
async function storm(fleet: Fleet, path: string, how: 'opens' | 'speaks', count: number): Promise<Storm> {
  const { job, tally } = fleet
  fleet.path = path
  fleet.reset()
  tally.onDelivery = undefined
  const startMs = performance.now()
  const startUs = cpuUsOf(job.pid)
  let next = 0
  const worker = async () => {
    while (next < count) {
      const index = next++
      const { connection, ready } = fleet.connect(index)
      await ready
      if (how === 'opens') continue
      const heard = new Promise<void>((resolve) => {
        connection.onHeard = resolve
      })
      connection.send(clientFrame(TEXT, Buffer.from(messageOf(job, path, index))).frame)
      await heard
    }
  }
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`only ${fleet.live} of ${count} connected to ${path}`)), WAIT_MS).unref()
  })
  const all = Promise.all(Array.from({ length: Math.min(count, CONNECTING) }, worker))
  await new Nap(tally, SHORT_NAP_MS).until(Promise.race([late, all]))
  const endUs = cpuUsOf(job.pid)
  const perSecond = count / ((performance.now() - startMs) / 1000)
  await sleep(SETTLE_MS)
  await fleet.clear()
  await sleep(SETTLE_MS)
  return { perSecond, serverUs: startUs === undefined || endUs === undefined ? undefined : (endUs - startUs) / count }
}

function messageOf({ bytes, rooms, dialect }: Job, path: string, index: number): string {
  return dialects[dialect].message(path.replace('%r', String(index % rooms)), 'x'.repeat(bytes))
}

function mean(a: Storm, b: Storm): Storm {
  const serverUs = a.serverUs === undefined || b.serverUs === undefined ? undefined : (a.serverUs + b.serverUs) / 2
  return { perSecond: 2 / (1 / a.perSecond + 1 / b.perSecond), serverUs }
}
