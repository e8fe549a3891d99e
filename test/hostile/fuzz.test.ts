/**
 * Frames, envelopes and requests made by chance. Each run begins at a new seed, which a failure names:
 * `FUZZ_SEED=123 FUZZ_RUNS=64` plays those runs again. `fuzz.measured.test.ts` sends a million frames.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frameStream, legalFrames } from '../fuzz/frames.ts'
import { frameRun, fuzz, requestRun } from '../fuzz/fuzzer.ts'
import { heapMib, seedOf, startFuzzed } from '../fuzz/server.ts'
import { frame, Op } from '../support/bare-frames.ts'
import { BarePeer } from '../support/bare-peer.ts'
import { bound, tell } from '../support/figures.ts'
import { seeded } from '../support/random.ts'
import { amount } from '../support/scale.ts'
import type { TestServer } from '../support/server.ts'

const seed = seedOf(process.env)
const runs = Number(process.env.FUZZ_RUNS ?? amount(320, 640))

let server: TestServer

beforeAll(async () => {
  server = await startFuzzed()
})

afterAll(() => server.close())

describe(`runs from seed ${seed}`, () => {
  it('of frames leave the server unchanged', async () => {
    await fuzz(server, { name: 'frames', run: frameRun(20), seed, runs: Math.min(runs, 64) })
    const before = heapMib()
    tell('F7', 'frames run', await fuzz(server, { name: 'frames', run: frameRun(20), seed, runs }))
    bound('F7', 'growth of the heap, MiB', heapMib() - before, 24)
  })

  // A reader that is a member stays one for a while after its connection, so many are looked at together.
  it('of requests leave the server unchanged', async () => {
    const run = await fuzz(server, { name: 'requests', run: requestRun, seed, runs, batch: 640 })
    tell('F7', 'requests run', run)
    expect(run).toBe(runs)
  })
})

describe('a fuzzer', () => {
  it('makes the same bytes of the same seed, and others of another', () => {
    const made = (number: number) =>
      Buffer.concat(frameStream(seeded(number), { legal: 50, isEvent: true, isSqueezed: true }).frames).toString('hex')
    expect(made(1)).toBe(made(1))
    expect(made(1)).not.toBe(made(2))
  })

  it.each([
    { path: '/echo', isEvent: false },
    { path: '/squeezed', isEvent: false },
    { path: '/chat', isEvent: true },
  ])('sends legal frames that $path closes for none of, before it sends others', async ({ path, isEvent }) => {
    const isSqueezed = path === '/squeezed'
    for (let number = 0; number < 20; number += 1) {
      const frames = legalFrames(seeded(seed + number), { legal: 300, isEvent, isSqueezed })
      const headers = isSqueezed ? { 'Sec-WebSocket-Extensions': 'permessage-deflate' } : {}
      const peer = await BarePeer.open(`${server.ws}${path}`, { headers })
      await peer.write([...frames, frame(Op.ping, 'the end')])
      for (;;) {
        const received = await peer.next()
        expect(received, `seed ${seed + number}: closed with ${peer.closeCode}`).toBeDefined()
        expect(received?.opcode).not.toBe(Op.close)
        if (received?.payload.toString() === 'the end') break
      }
      peer.destroy()
    }
  })

  it('names the seed of the batch that failed', async () => {
    let count = 0
    const failing = fuzz(server, {
      name: 'a test',
      run: async () => {
        count += 1
        if (count === 70) Object.defineProperty(Object.prototype, 'polluted', { value: true, configurable: true })
        return 1
      },
      seed: 1000,
      runs: 200,
    })
    await expect(failing).rejects.toThrow(/touched a prototype\n.*FUZZ_SEED=1064 FUZZ_RUNS=64 /)
    delete (Object.prototype as Record<string, unknown>).polluted
  })
})
