/**
 * Three nodes that are restarted one after the other while they carry 60 % of what they can (catalogue: ND5). Each of many
 * rooms has a speaker at one node, and a listener at another.
 */
import { afterEach, expect, it } from 'vitest'
import { Subscriber } from '../kill/subscriber.ts'
import { need } from '../support/components.ts'
import { bound, tell } from '../support/figures.ts'
import { Cluster } from './cluster.ts'
import { pause } from './faults.ts'
import { JudgedRoom } from './judged-room.ts'
import { RawSpeaker } from './raw-speaker.ts'
import { percentile } from './room-peers.ts'
import { Carried, Schedule } from './schedule.ts'

const command = need('redis') ?? ''
const ROOMS = 45
const SHARE = 0.6
const MEASURE_MS = 6000
const BETWEEN_MS = 2000
let cluster: Cluster | undefined

afterEach(() => cluster?.remove())

it('a rolling restart', async () => {
  cluster = await Cluster.start(command, { env: { DRAIN_MS: '5000' } })
  const { redis, nodes, fronts } = cluster
  const rooms = Array.from({ length: ROOMS }, (_, n) => new JudgedRoom(`/r/roll${n}`))
  const speakers: RawSpeaker[] = []
  for (const [n, room] of rooms.entries()) {
    // Opened by its speaker, at one of the nodes.
    const speaker = new RawSpeaker(`${cluster.front(n % 3)}${room.path}`, `s${n}`)
    room.speakers.push(speaker)
    speakers.push(speaker)
    speaker.begin()
    await expect.poll(() => room.acked, { interval: 5 }).toBeGreaterThan(0)
    const listener = room.recorder.listener(`listener ${n}`)
    room.listeners.push(new Subscriber(`${cluster.front((n + 1) % 3)}/`, listener, room.path))
  }
  const acked = () => rooms.reduce((sum, room) => sum + room.acked, 0)
  await pause(BETWEEN_MS)
  const [before, startMs] = [acked(), performance.now()]
  await pause(MEASURE_MS)
  const capacity = ((acked() - before) * 1000) / (performance.now() - startMs)
  tell('ND5', 'messages a second that three nodes take, on one machine with Redis and clients', capacity)
  await Promise.all(speakers.map((speaker) => speaker.rest()))
  const schedule = new Schedule(speakers, capacity * SHARE)
  await pause(BETWEEN_MS)
  const calmMs = performance.now()
  await pause(MEASURE_MS)
  const rollMs = performance.now()
  for (const node of nodes) {
    // It answers 503 to who comes, and the proxies try another.
    for (const front of fronts) front.avoid(node)
    expect(await node.end()).toEqual({ code: 0, signal: null })
    await node.start()
    await expect.poll(async () => (await fetch(`${node.url}/readyz`)).status, { interval: 50 }).toBe(200)
    for (const front of fronts) front.back(node)
    await pause(BETWEEN_MS)
  }
  const endMs = performance.now()
  schedule.end()
  const judgements = await Promise.all(rooms.map((room) => room.judge(redis)))
  expect(judgements.flatMap(({ anomalies }) => anomalies)).toEqual([])
  expect(judgements.filter(({ told }) => told > 0)).toEqual([])
  const calm = new Carried(speakers, calmMs, rollMs)
  const rolling = new Carried(speakers, rollMs, endMs)
  const what = 'three nodes at 60 % of that'
  tell('ND5', `${what}: messages a second that were due`, calm.offeredPerSecond)
  tell('ND5', `${what}, calm: acknowledged a second`, calm.perSecond)
  tell('ND5', `${what}, calm: ms from when a message was due until its ack, p99`, percentile(calm.waitsMs, 0.99))
  const restart = `${what}, restarted one after the other`
  tell('ND5', `${restart}: acknowledged a second`, rolling.perSecond)
  bound('ND5', `${restart}: % of what was due that was not acknowledged meanwhile`, (1 - rolling.share) * 100, 5)
  tell('ND5', `${restart}: lost, doubled or out of order, of ${rolling.waitsMs.length}`, 0)
  tell('ND5', `${restart}: ms from when a message was due until its ack, median`, percentile(rolling.waitsMs, 0.5))
  tell('ND5', `${restart}: the same, p99`, percentile(rolling.waitsMs, 0.99))
  bound('ND5', `${restart}: the longest`, percentile(rolling.waitsMs, 1), 10_000)
  bound('ND5', `${restart}: ms without an ack in any one room, the longest`, rolling.silenceMs, 2000)
  tell(
    'ND5',
    `${restart}: how often a speaker came back`,
    speakers.reduce((sum, { losses }) => sum + losses, 0),
  )
})
