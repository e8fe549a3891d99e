/**
 * Three nodes that are restarted one after the other while they carry 60 % of what they can (catalogue: ND5). Each of many
 * rooms has a speaker at one node, and listeners at the others.
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

const command = need('redis') ?? ''
const ROOMS = 45
/** Messages that each speaker has on their way. */
const LINES = 4
const SHARE = 0.6
const MEASURE_MS = 6000
const BETWEEN_MS = 2000
let cluster: Cluster | undefined

afterEach(() => cluster?.remove())

it('a rolling restart', async () => {
  cluster = await Cluster.start(command, { env: { DRAIN_MS: '5000' } })
  const { redis, nodes } = cluster
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
  for (const speaker of speakers) speaker.everyMs = (ROOMS * LINES * 1000) / (capacity * SHARE)
  await pause(BETWEEN_MS)
  const calmMs = performance.now()
  await pause(BETWEEN_MS)
  const rollMs = performance.now()
  for (const node of nodes) {
    expect(await node.end()).toEqual({ code: 0, signal: null })
    await node.start()
    await expect.poll(async () => (await fetch(`${node.url}/readyz`)).status, { interval: 50 }).toBe(200)
    await pause(BETWEEN_MS)
  }
  const endMs = performance.now()
  const waits = (fromMs: number, toMs: number) =>
    speakers.flatMap(({ tries }) =>
      [...tries.values()].flatMap((each) => {
        const [first, last] = [each[0], each.at(-1)]
        return first && last && first.saidMs >= fromMs && first.saidMs < toMs ? [last.endedMs - first.saidMs] : []
      }),
    )
  const [calm, rolling] = [waits(calmMs, rollMs), waits(rollMs, endMs)]
  const judgements = await Promise.all(rooms.map((room) => room.judge(redis)))
  expect(judgements.flatMap(({ anomalies }) => anomalies)).toEqual([])
  expect(judgements.filter(({ told }) => told > 0)).toEqual([])
  const what = 'rolling restart of three nodes at 60 % of that'
  tell('ND5', `${what}: messages a second`, (rolling.length * 1000) / (endMs - rollMs))
  tell('ND5', `${what}: lost, doubled or out of order, of ${rolling.length}`, 0)
  tell('ND5', `${what}: ms until an ack before it, p99`, percentile(calm, 0.99))
  tell('ND5', `${what}: ms until an ack, with reconnecting, median`, percentile(rolling, 0.5))
  tell('ND5', `${what}: the same, p99`, percentile(rolling, 0.99))
  bound('ND5', `${what}: the longest`, Math.max(...rolling), 10_000)
  tell(
    'ND5',
    `${what}: how often a speaker came back`,
    speakers.reduce((sum, { losses }) => sum + losses, 0),
  )
})
