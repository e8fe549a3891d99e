/**
 * From one configuration to the next, changing only what differs: a new room opens, a removed one closes its peers
 * (1001), a changed one restarts (1012; its peers reconnect). This file decides which mounts stay; `server.ts` routes
 * to them, and `rooms.ts` closes rooms whose mount is gone. A file with a mistake never gets here.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from './config.ts'
import type { Mount } from './mount.ts'

export interface Applied {
  /** The next configuration, with the same mount objects for unchanged lines. */
  readonly config: Config
  /** One line for each change. */
  readonly changes: string[]
}

export function applyConfig(now: Config, next: Config): Applied {
  const before = new Map(now.mounts.map((mount) => [mount.pattern, mount]))
  const changes: string[] = []
  const mounts = next.mounts.map((mount) => {
    const old = before.get(mount.pattern)
    before.delete(mount.pattern)
    if (old && isSame(old, mount)) return old
    changes.push(`${mount.pattern} ${old ? 'restarts' : 'opens'}`)
    return mount
  })
  for (const { pattern } of before.values()) changes.push(`${pattern} is removed`)
  return { config: { ...next, mounts }, changes }
}

function isSame(a: Mount, b: Mount): boolean {
  return a.definition === b.definition && isDeepStrictEqual(a.written, b.written)
}
