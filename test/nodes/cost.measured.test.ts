/**
 * What peers cost that are on another node than their room (catalogue: ND6): the owner's CPU for each event, the memory of
 * a peer, the CPU of a message.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { cpuUsOf, rssOf } from '../bench/load/processor.ts'
import { RawPeer } from '../kill/raw-peer.ts'
import { need } from '../support/components.ts'
import { bound, tell } from '../support/figures.ts'
import { patiently } from '../support/patience.ts'
import { Cluster } from './cluster.ts'
import { pause } from './faults.ts'
import type { NodeProcess } from './node-process.ts'

const command = need('redis') ?? ''
const PEERS = 2000
/** In whose memory one peer is seen. */
const CROWD = 8000
const AT_ONCE = 50
const SETTLE_MS = 6000
const ROUND_MS = 8000
/** How many events may be on their way at once: enough of them that what the process does at rest is no part of it. */
const AHEAD = 20
let cluster: Cluster
const peers: RawPeer[] = []

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.end()
  await cluster.remove()
})

async function enter(node: NodeProcess, path: string, count: number, hear: (text: string) => void = () => {}) {
  const entered: RawPeer[] = []
  const line = async () => {
    while (entered.length < count) {
      const welcomed = Promise.withResolvers<void>()
      const peer = new RawPeer(node.place.port, path, (text) => {
        if (text.startsWith('{"type":"welcome"')) welcomed.resolve()
        hear(text)
      })
      entered.push(peer)
      await patiently(welcomed.promise, `the welcome in ${path}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, line))
  peers.push(...entered)
  return entered
}

/** CPU time, in µs, that these processes take while `does` runs, less what they take at rest. */
async function cpuUs(nodes: readonly NodeProcess[], does: () => Promise<void>): Promise<number> {
  const used = () => nodes.reduce((sum, { pid }) => sum + (cpuUsOf(pid) ?? Number.NaN), 0)
  await pause(SETTLE_MS)
  const [restBefore, restMs] = [used(), performance.now()]
  await pause(SETTLE_MS)
  const restPerMs = (used() - restBefore) / (performance.now() - restMs)
  const [before, startMs] = [used(), performance.now()]
  await does()
  return used() - before - restPerMs * (performance.now() - startMs)
}

describe('peers on another node', () => {
  it('the CPU of the owner for each event', async () => {
    const perEvent = async (at: number) => {
      const path = `/r/cpu${at}`
      let heard = 0
      const [speaker] = await enter(cluster.node(0), path, 1, (text) => {
        if (text.startsWith('{"type":"waved"')) heard += 1
      })
      await enter(cluster.node(at), path, PEERS)
      let said = 0
      const say = async () => {
        for (const endMs = performance.now() + ROUND_MS; performance.now() < endMs; ) {
          speaker?.send(`{"type":"wave","data":${said}}`)
          said += 1
          await expect.poll(() => heard, { interval: 1 }).toBeGreaterThan(said - AHEAD)
          await pause(at === 0 ? 10 : 2)
        }
      }
      // Code that has just begun to run is compiled first.
      await say()
      const before = said
      const us = await cpuUs([cluster.node(0)], say)
      for (const peer of peers.splice(0)) peer.end()
      await pause(2000)
      return us / (said - before)
    }
    cluster = await Cluster.start(command, { nodes: 2 })
    const own = await perEvent(0)
    const other = await perEvent(1)
    tell('ND6', `µs of CPU of the owner for an event to ${PEERS} peers of its own`, own)
    tell('ND6', `the same with them on another node`, other)
    bound('ND6', 'the second as a part of the first', other / own, 0.03)
  })

  it('the memory of a peer', async () => {
    const bytesEach = async (at: number) => {
      cluster = await Cluster.start(command, { nodes: 2 })
      const path = '/r/memory'
      await enter(cluster.node(0), path, 1)
      // What a first crowd leaves behind is not a peer's.
      const first = await enter(cluster.node(at), path, PEERS)
      await pause(SETTLE_MS)
      const before = rssOf(cluster.node(at).pid) ?? Number.NaN
      await enter(cluster.node(at), path, CROWD)
      await pause(SETTLE_MS)
      const bytes = ((rssOf(cluster.node(at).pid) ?? Number.NaN) - before) / CROWD
      for (const peer of first) peer.end()
      for (const peer of peers.splice(0)) peer.end()
      if (at === 0) await cluster.remove()
      return bytes
    }
    const own = await bytesEach(0)
    const other = await bytesEach(1)
    tell('ND6', 'bytes of memory for each peer, on the node of its room', own)
    tell('ND6', 'the same on another node', other)
    bound('ND6', 'the second as a multiple of the first', other / own, 1.2)
  })

  it('the CPU of a message', async () => {
    const perMessage = async (at: number) => {
      const path = `/r/message${at}`
      await enter(cluster.node(0), path, 1)
      let acked = 0
      let answered = () => {}
      const [speaker] = await enter(cluster.node(at), `${path}?client=speaker`, 1, (text) => {
        if (!text.startsWith('{"type":"ack"')) return
        acked += 1
        answered()
      })
      let said = 0
      const us = await cpuUs([cluster.node(0), cluster.node(1)], async () => {
        for (const endMs = performance.now() + ROUND_MS; performance.now() < endMs; ) {
          const next = new Promise<void>((resolve) => {
            answered = resolve
          })
          said += 1
          speaker?.send(`{"type":"say","data":{"text":"s:${said}"},"id":"${at}-${said}"}`)
          await patiently(next, 'an ack')
          await pause(2)
        }
      })
      expect(acked).toBe(said)
      for (const peer of peers.splice(0)) peer.end()
      return us / said
    }
    cluster = await Cluster.start(command, { nodes: 2 })
    const own = await perMessage(0)
    const other = await perMessage(1)
    tell('ND6', 'µs of CPU for a message, on the node of its room', own)
    tell('ND6', 'the same over another node, both together', other)
    bound('ND6', 'the second as a multiple of the first', other / own, 2.2)
  })
})
