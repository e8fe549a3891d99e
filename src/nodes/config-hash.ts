/** What a node runs, in two hashes by which nodes notice that they differ: lines of `rooms.json`, and files of modules. */
import { createHash } from 'node:crypto'
import { ModuleGraph } from '../config/module-graph.ts'
import type { Mount } from '../config/mount.ts'

export interface ConfigHashes {
  readonly configHash: string
  readonly modulesHash: string
}

/** Of these lines; the same wherever the files are, and in whatever order the lines stand. */
export function hashesOf(mounts: readonly Pick<Mount, 'pattern' | 'written' | 'file'>[]): ConfigHashes {
  const graph = new ModuleGraph()
  const lines = mounts.map(({ pattern, written }) => JSON.stringify([pattern, sorted(written)]))
  const files = new Set(mounts.map(({ file }) => file))
  return { configHash: hashOf(lines), modulesHash: hashOf([...files].map((file) => graph.contentOf(file))) }
}

function hashOf(texts: readonly string[]): string {
  const all = JSON.stringify([...texts].sort())
  return createHash('sha256').update(all).digest('base64url').slice(0, 22)
}

/** With the keys of all objects in one order. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => [key, sorted(each)])
}
