/**
 * A proxy that reads its configuration again under load: nobody misses anything, and nothing of the old is left
 * (catalogue: PX3). `FULL=1`: 10 times under 1,000 WebSockets.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { connect as join } from '../../src/client/client.ts'
import { tell } from '../support/figures.ts'
import type { ProxyKind } from './proxy.ts'
import { stageOf } from './stage.ts'

const IS_FULL = process.env.FULL === '1'
const CLIENTS = IS_FULL ? 1000 : 60
const RELOADS = IS_FULL ? 10 : 3
const SPEAKERS = 5
const LIMITS = { perAddress: 2000, rate: { perSecond: 1000, burst: 1000 } }
const SETUP = {
  rooms: { '/chat': { module: 'chat', options: { announce: 0 }, limits: LIMITS } },
  // All come from one address, again and again.
  server: { limits: { handshakes: { perSecond: 10_000, burst: 20_000 } } },
}
/** As a client that lost its connection to a restart, only sooner. */
const RETRY = { firstMs: 200, restartMs: 200, baseMs: 100, capMs: 500 }

export function describeReloads(kind: ProxyKind): void {
  describe(`${kind.component} and its reload`, () => {
    const stage = stageOf(kind)

    it(
      'loses nothing and doubles nothing under load, and leaves no old process',
      async () => {
        const { ws, proxy } = await stage.open({ isHasty: true, setup: SETUP })
        const heard = Array.from({ length: CLIENTS }, (): number[] => [])
        const opened: number[] = []
        const clients = heard.map((seqs, index) => {
          const client = join(`${ws}/chat`, { name: `c${index}`, retry: RETRY })
          stage.defer(() => client.close())
          client.on('message', ({ seq }) => seqs.push(seq ?? 0))
          client.on('reset', () => seqs.push(-1))
          client.onState(({ state }) => state === 'open' && opened.push(performance.now()))
          return client
        })
        await expect.poll(() => clients.every(({ state }) => state === 'open')).toBe(true)
        opened.length = 0
        let isOver = false
        const speaking = clients.slice(0, SPEAKERS).map(async (client) => {
          const acks = []
          while (!isOver) acks.push((await client.send('message', { text: 'x' })).seq ?? 0)
          return acks
        })
        const spoken = Promise.all(speaking)
        // A failure here is reported where it is awaited.
        spoken.catch(() => {})
        const workers: string[] = []
        for (let turn = 0; turn < RELOADS; turn += 1) {
          const before = heard[0]?.length ?? 0
          const old = childrenOf(proxy.pid)
          await proxy.reload()
          await expect.poll(() => heard[0]?.length).toBeGreaterThan(before + 20)
          const left = () => childrenOf(proxy.pid).filter((pid) => old.includes(pid))
          await expect.poll(left).toEqual([])
          workers.push(...old)
          // The next one finds all of them again.
          await expect.poll(() => opened.length).toBeGreaterThanOrEqual(CLIENTS * (turn + 1))
        }
        isOver = true
        const acks = (await spoken).flat()
        const last = Math.max(...acks)
        await expect.poll(() => heard.every((seqs) => seqs.at(-1) === last)).toBe(true)
        const lost = heard.reduce((sum, seqs) => sum + (last - (seqs[0] ?? 0) + 1 - new Set(seqs).size), 0)
        const doubled = heard.reduce((sum, seqs) => sum + (seqs.length - new Set(seqs).size), 0)
        expect({ lost, doubled, acked: new Set(acks).size }).toEqual({ lost: 0, doubled: 0, acked: acks.length })
        for (const seqs of heard) expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))

        const what = `${RELOADS} reloads of ${kind.component} under ${CLIENTS} WebSockets`
        tell('PX3', `${what}: lost or doubled of ${heard.flat().length} deliveries`, lost + doubled)
        tell('PX3', `${what}: times a client came back`, opened.length)
        tell('PX3', `${what}: at most so many came back within a second`, busiestSecond(opened))
        const left = childrenOf(proxy.pid).filter((pid) => workers.includes(pid))
        tell('PX3', `${what}: old workers left`, left.length)
      },
      IS_FULL ? 200_000 : 60_000,
    )
  })
}

/** The most moments that lie within a second of each other. */
function busiestSecond(momentsMs: readonly number[]): number {
  return Math.max(
    0,
    ...momentsMs.map((ms, index) => momentsMs.filter((other, at) => at >= index && other < ms + 1000).length),
  )
}

/** The processes that a master has made; Caddy makes none. */
function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
}
