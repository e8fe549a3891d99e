import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { groups } from './test/support/groups.ts'
import { PATIENCE_MS } from './test/support/patience.ts'
import { isMeasuring } from './test/support/scale.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const files = groups(here('.'))

/** Ends a test that hangs. A working test takes far less time, even on a busy machine. */
const ENDLESS_MS = 300_000

/**
 * Tests that measure run one file at a time, after all others, and with two retries: if the machine is disturbed for some
 * seconds, a bound fails once; a regression fails it three times.
 */
const alone = (groupOrder: number) => ({ fileParallelism: false, maxWorkers: 1, sequence: { groupOrder }, retry: 2 })

export default defineConfig({
  resolve: {
    alias: [
      { find: /^corridor$/, replacement: here('src/define.ts') },
      { find: /^corridor\/testing$/, replacement: here('src/testing.ts') },
      { find: /^corridor\/client$/, replacement: here('src/client/client.ts') },
    ],
  },
  test: {
    reporters: ['default', here('test/support/summary.ts')],
    globalSetup: here('test/support/compile-cache.ts'),
    // One more than the cores of a small machine: many tests wait for a process or a socket. Not while something is measured.
    maxWorkers: isMeasuring ? 2 : 3,
    testTimeout: ENDLESS_MS,
    hookTimeout: ENDLESS_MS,
    expect: { poll: { timeout: PATIENCE_MS } },
    projects: [
      { extends: true, test: { name: 'quick', include: [...files.quick, 'rooms/**/*.test.ts'], isolate: false } },
      { extends: true, test: { name: 'slow', include: files.slow } },
      { extends: true, test: { name: 'load', include: files.load, ...(isMeasuring && alone(1)) } },
      { extends: true, test: { name: 'foreign', include: files.foreign } },
      { extends: true, test: { name: 'measured', include: files.measured, ...alone(2) } },
    ],
  },
})
