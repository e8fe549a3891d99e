/** A proxy that reads its configuration again under load: nobody misses anything, and nothing of the old is left. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { connect as join } from '../../src/client/client.ts'
import type { ProxyKind } from './proxy.ts'
import { stageOf } from './stage.ts'

const CLIENTS = 60
const RELOADS = 3
const ROOM = { '/chat': { module: 'chat', limits: { perAddress: 1000, rate: { perSecond: 1000, burst: 1000 } } } }
/** As a client that lost its connection to a restart, only sooner. */
const RETRY = { firstMs: 200, restartMs: 200, baseMs: 100, capMs: 500 }

export function describeReloads(kind: ProxyKind): void {
  describe(`${kind.component} and its reload`, () => {
    const stage = stageOf(kind)

    it('loses nothing and doubles nothing under load, and leaves no old process', async () => {
      const { ws, proxy } = await stage.open({ isHasty: true, setup: { rooms: ROOM } })
      const heard = Array.from({ length: CLIENTS }, (): number[] => [])
      const clients = heard.map((seqs, index) => {
        const client = join(`${ws}/chat`, { name: `c${index}`, retry: RETRY })
        stage.defer(() => client.close())
        client.on('message', ({ seq }) => seqs.push(seq ?? 0))
        client.on('reset', () => seqs.push(-1))
        return client
      })
      await expect.poll(() => clients.every(({ state }) => state === 'open'), { timeout: 10_000 }).toBe(true)
      let isOver = false
      const speaking = clients.slice(0, 5).map(async (client) => {
        const acks = []
        while (!isOver) acks.push((await client.send('message', { text: 'x' })).seq ?? 0)
        return acks
      })
      const spoken = Promise.all(speaking)
      // What fails here is told where it is awaited.
      spoken.catch(() => {})
      for (let turn = 0; turn < RELOADS; turn += 1) {
        const before = heard[0]?.length ?? 0
        const old = childrenOf(proxy.pid)
        await proxy.reload()
        await expect.poll(() => heard[0]?.length, { timeout: 10_000 }).toBeGreaterThan(before + 20)
        const left = () => childrenOf(proxy.pid).filter((pid) => old.includes(pid))
        await expect.poll(left, { timeout: 10_000 }).toEqual([])
      }
      isOver = true
      const acks = (await spoken).flat()
      const last = Math.max(...acks)
      await expect.poll(() => heard.every((seqs) => seqs.at(-1) === last), { timeout: 10_000 }).toBe(true)
      const whole = Array.from({ length: last }, (_, index) => index + 1)
      for (const seqs of heard) expect(seqs).toEqual(whole.slice(-seqs.length))
      expect(new Set(acks).size).toBe(acks.length)
    }, 60_000)
  })
}

/** The processes that a master has made; Caddy makes none. */
function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
}
