/**
 * How long the rooms of a node are silent when it is killed, its machine is lost, or it is stopped (catalogue: ND2 to ND4):
 * each room has a peer on another node, who says something at that moment and goes on until it is acknowledged.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { need } from '../support/components.ts'
import { bound, tell } from '../support/figures.ts'
import { Cluster, type ClusterSetup } from './cluster.ts'
import { enterRooms, percentile, type RoomPeer } from './room-peers.ts'

const command = need('redis') ?? ''
let cluster: Cluster
let peers: RoomPeer[] = []

afterEach(async () => {
  for (const peer of peers) peer.leave()
  await cluster.remove()
})

async function open(rooms: number, setup: ClusterSetup = {}): Promise<void> {
  cluster = await Cluster.start(command, setup)
  peers = await enterRooms(rooms, cluster.node(0), [cluster.node(1), cluster.node(2)])
}

/** Those who `speak` say something now. Resolves when all rooms have a new owner, and these have their acks. */
async function goneOn(speak: readonly RoomPeer[]): Promise<void> {
  for (const peer of speak) peer.say()
  await expect
    .poll(
      () => speak.filter(({ isWaiting }) => isWaiting).length + peers.filter(({ welcomes }) => welcomes < 2).length,
      {
        interval: 50,
      },
    )
    .toBe(0)
}

function judge(): void {
  expect(peers.flatMap(({ anomalies }) => anomalies)).toEqual([])
  expect(peers.filter(({ hasClosed }) => hasClosed)).toEqual([])
}

describe('an owner that is killed', () => {
  it.each([
    { rooms: 1000, speaking: 1000, eventMs: 1500, allMs: 15_000 },
    { rooms: 10_000, speaking: 1000, eventMs: 2000, allMs: 15_000 },
  ])('$rooms rooms, in $speaking of which messages wait', async ({ rooms, speaking, eventMs, allMs }) => {
    await open(rooms)
    const speakers = peers.slice(0, speaking)
    const killedMs = performance.now()
    const killed = cluster.node(0).kill()
    await goneOn(speakers)
    await killed
    const events = speakers.map((peer) => peer.eventMs - killedMs)
    const welcomes = peers.map((peer) => peer.welcomeMs - killedMs)
    const what = `kill -9 of the owner of ${rooms} rooms, ${speaking} with waiting messages`
    tell('ND2', `${what}: ms to the first new event, median`, percentile(events, 0.5))
    bound('ND2', `${what}: ms to the first new event, p99`, percentile(events, 0.99), eventMs)
    bound('ND2', `${what}: ms until every room has a new owner`, Math.max(...welcomes), allMs)
    judge()
  })
})

it('an owner whose machine is lost', async () => {
  await open(1000, { hasMachines: true })
  const lostMs = performance.now()
  cluster.machines?.lose(1)
  await goneOn(peers)
  const events = peers.map((peer) => peer.eventMs - lostMs)
  tell(
    'ND3',
    'loss of the machine of the owner of 1000 rooms: ms to the first new event, median',
    percentile(events, 0.5),
  )
  bound('ND3', 'the same, the last', Math.max(...events), 12_000)
  judge()
})

it('an owner that is stopped', async () => {
  await open(1000)
  const perSecond = 500
  let isOver = false
  const saying = (async () => {
    for (let n = 0; !isOver; n += 1) {
      const peer = peers[n % peers.length]
      if (peer && !peer.isWaiting) peer.say()
      if (n % 25 === 24) await new Promise((resolve) => setTimeout(resolve, 25_000 / perSecond))
    }
  })()
  await new Promise((resolve) => setTimeout(resolve, 3000))
  const before = peers.flatMap(({ waitsMs }) => waitsMs.splice(0))
  expect(await cluster.node(0).end()).toEqual({ code: 0, signal: null })
  await expect.poll(() => peers.filter(({ welcomes }) => welcomes < 2).length).toBe(0)
  isOver = true
  await saying
  await expect.poll(() => peers.filter(({ isWaiting }) => isWaiting).length).toBe(0)
  const longest = peers.map(({ waitsMs }) => Math.max(0, ...waitsMs))
  tell('ND4', `ms until an ack before, p99 of ${before.length}`, percentile(before, 0.99))
  tell('ND4', 'SIGTERM to the owner of 1000 rooms: longest wait in a room, in ms, median', percentile(longest, 0.5))
  bound('ND4', 'the same, p99', percentile(longest, 0.99), 500)
  judge()
})
