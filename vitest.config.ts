import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^corridor$/, replacement: here('src/define.ts') },
      { find: /^corridor\/testing$/, replacement: here('src/testing.ts') },
      { find: /^corridor\/client$/, replacement: here('src/client/client.ts') },
    ],
  },
  test: { include: ['test/**/*.test.ts', 'rooms/**/*.test.ts'], testTimeout: 20_000, hookTimeout: 60_000 },
})
