import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Tests that load the machine: they run one after the other, when the rest is done. */
const HEAVY = ['test/**/*.load.test.ts']

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
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['test/**/*.test.ts', 'rooms/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...HEAVY],
        },
      },
      {
        extends: true,
        test: { name: 'load', include: HEAVY, fileParallelism: false, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
