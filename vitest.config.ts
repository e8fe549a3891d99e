import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { groups } from './test/support/groups.ts'
import { PATIENCE_MS } from './test/support/patience.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const files = groups(here('.'))

/** A test that hangs ends some time; no test that works comes near it, however busy the machine is. */
const ENDLESS_MS = 300_000

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
    maxWorkers: 2,
    testTimeout: ENDLESS_MS,
    hookTimeout: ENDLESS_MS,
    expect: { poll: { timeout: PATIENCE_MS } },
    projects: [
      { extends: true, test: { name: 'quick', include: [...files.quick, 'rooms/**/*.test.ts'], isolate: false } },
      { extends: true, test: { name: 'slow', include: files.slow } },
      // One after the other, when the rest is done: each loads the machine by itself.
      ...(['load', 'measured'] as const).map((name, index) => ({
        extends: true as const,
        test: {
          name,
          include: files[name],
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: index + 1 },
        },
      })),
    ],
  },
})
