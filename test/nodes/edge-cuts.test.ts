/**
 * A link that is cut before each message of a scenario, in either direction: the room is found again where it was, or has
 * moved to another owner or to the edge itself. No peer misses or hears anything twice, and every id is answered once.
 */
import { describe, expect, it } from 'vitest'
import { EDGE } from '../support/coupled-edge.ts'
import { edgeCluster, type HearingPeer } from '../support/edge-cluster.ts'

interface Cut {
  readonly way: 'toOwner' | 'toEdge'
  readonly count: number
  /** Where the room is then. */
  readonly to: 'one' | 'two' | typeof EDGE
}

/** Runs the scenario. Returns how many messages each direction had. */
async function play(cut?: Cut) {
  const cluster = await edgeCluster()
  const { clock, edge } = cluster
  await cluster.publish('1', '2', '3', '4', '5', '6', '7', '8')
  const peers: HearingPeer[] = []
  const joining = ['ann', 'ben', 'cat', 'dan'].map((name, at) => async () => {
    const offset = [undefined, cluster.offset(3), '-1', 'now'][at]
    peers.push(await cluster.join(name, offset, name === 'cat' ? undefined : name))
  })
  let isArmed = false
  const step = async (act: () => unknown) => {
    const acting = Promise.resolve(act())
    if (cut && !isArmed && edge.links.has('one')) {
      isArmed = true
      edge.link('one').cutAt = { ...cut, moves: () => cut.to !== 'one' && cluster.move(cut.to) }
    }
    await clock.advance(10)
    for (let waits = 0; waits < 30; waits += 1) {
      const isDone = await Promise.race([acting.then(() => true), clock.advance(200).then(() => false)])
      if (isDone) return
    }
  }
  const [joinAnn, joinBen, joinCat, joinDan] = joining as [() => unknown, () => unknown, () => unknown, () => unknown]
  await step(joinAnn)
  await step(joinBen)
  await step(() => peers[0]?.say('a1', 'ann 1'))
  await step(() => peers[1]?.say('b1', 'ben 1', 'tell'))
  await step(joinCat)
  await step(() => {
    for (const [at, peer] of peers.entries()) {
      peer.say(`s${at}`, `${peer.name} 2`)
      peer.say(`t${at}`, `${peer.name} 3`, 'tell')
    }
  })
  await step(() => cluster.publish('more').catch(() => {}))
  await step(joinDan)
  await step(() => peers.at(-1)?.say('d', 'dan 1'))
  await step(() => peers[0]?.say('slow', 'slow', 'slow'))
  await step(() => peers[1]?.session.gone(true))
  const link = edge.links.get('one')
  const counts = { toOwner: link?.toOwner.length ?? 0, toEdge: link?.toEdge.length ?? 0 }
  await clock.advance(15_000)
  await cluster.publish('last', 'very last')
  await clock.advance(1000)
  return { cluster, peers, counts }
}

const { counts } = await play()

describe.each(['one', 'two', EDGE] as const)('a link that is cut, with the room at %s then', (to) => {
  it.each(['toOwner', 'toEdge'] as const)('before each message %s', async (way) => {
    for (let count = 0; count <= counts[way]; count += 1) {
      const { cluster, peers } = await play({ way, count, to })
      const { seq } = cluster
      expect(peers).toHaveLength(4)
      for (const peer of peers) {
        try {
          if (peer.name === 'ben') peer.closed ??= { code: 1000, reason: 'it has gone' }
          else expect(peer.closed).toBe(undefined)
          peer.check(seq)
          const acked = peer.said.filter((id) => peer.answersTo(id)[0]?.type === 'ack')
          const texts = peers[0]?.texts ?? []
          for (const id of acked) {
            const ackSeq = peer.answersTo(id)[0]?.answer?.seq
            if (ackSeq !== undefined) expect(ackSeq).toBeLessThanOrEqual(seq)
          }
          expect(new Set(texts).size).toBe(texts.length)
        } catch (error) {
          throw new Error(`cut before message ${count} ${way}, then at ${to}: ${error}`, { cause: error })
        }
      }
    }
  })
})
