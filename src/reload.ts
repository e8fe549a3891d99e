/**
 * From one configuration to the next, touching only what changed: a new room opens, a removed one closes its peers
 * (1001), a changed one restarts (1012, its peers come back by themselves). `server.ts` applies what is decided here;
 * a file with a mistake never comes this far.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config, Mount } from './config.ts'
import { Close, type CloseReason } from './errors.ts'

export interface Applied {
  /** The next configuration, with the very mounts that did not change. */
  readonly config: Config
  readonly closed: readonly { readonly mount: Mount; readonly reason: CloseReason }[]
  /** One line for each change. */
  readonly changes: string[]
}

export function applyConfig(now: Config, next: Config): Applied {
  const before = new Map(now.mounts.map((mount) => [mount.pattern, mount]))
  const closed: { mount: Mount; reason: CloseReason }[] = []
  const changes: string[] = []
  const mounts = next.mounts.map((mount) => {
    const old = before.get(mount.pattern)
    before.delete(mount.pattern)
    if (old && isSame(old, mount)) return old
    if (old) closed.push({ mount: old, reason: Close.restart })
    changes.push(`${mount.pattern} ${old ? 'restarts' : 'opens'}`)
    return mount
  })
  for (const mount of before.values()) {
    closed.push({ mount, reason: Close.removed })
    changes.push(`${mount.pattern} is removed`)
  }
  return { config: { ...next, mounts }, closed, changes }
}

function isSame(a: Mount, b: Mount): boolean {
  return a.definition === b.definition && isDeepStrictEqual(a.written, b.written)
}
