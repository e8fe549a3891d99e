/** A million frames made by chance, each written to a connection that was open; `fuzz.test.ts` says how to replay. */
import { expect, it } from 'vitest'
import { frameRun, fuzz } from '../fuzz/fuzzer.ts'
import { heapMib, seedOf, startFuzzed } from '../fuzz/server.ts'
import { bound, tell } from '../support/figures.ts'

const FRAMES = 1_000_000
const LEGAL = 400

it('a million frames leave the server unchanged', async () => {
  const seed = seedOf(process.env)
  const server = await startFuzzed()
  await fuzz(server, { name: 'frames', run: frameRun(LEGAL), seed, amount: FRAMES / 50 })
  const before = heapMib()
  const begin = performance.now()
  const sent = await fuzz(server, { name: 'frames', run: frameRun(LEGAL), seed, amount: FRAMES })
  tell('F7', 'frames run', sent)
  tell('F7', 'frames a second', sent / ((performance.now() - begin) / 1000))
  expect(sent).toBeGreaterThanOrEqual(FRAMES)
  bound('F7', 'growth of the heap, MiB', heapMib() - before, 24)
  await server.close()
})
