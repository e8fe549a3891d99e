/**
 * Where the rooms of a test are kept: in memory, in a file, in a real Redis (`redis-place.ts`). What is kept stays for one
 * test, also over restarts of its server. A suite runs over each of them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Clock } from '../../src/clock.ts'
import type { Kept, Log } from '../../src/log/log.ts'
import { MemoryLog } from '../../src/log/memory.ts'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import type { HandClock } from '../../src/testing/hand-clock.ts'
import type { Setup } from './server.ts'

export interface Place {
  /** How well an entry is kept here. */
  readonly kept: Kept
  /** What a server of the running test is started with. */
  setup(clock?: Clock): Promise<Pick<Setup, 'env' | 'log'>>
  /** A log of the running test, which closes it. */
  log(clock: HandClock): Promise<Log>
}

export function inMemory(): Place {
  return {
    kept: 'memory',
    setup: async () => ({}),
    log: async (clock) => new MemoryLog(clock, systemRandom()),
  }
}

export function inFile(): Place {
  let kept: string | undefined
  const folder = async () => {
    if (kept !== undefined) return kept
    const made = await mkdtemp(join(tmpdir(), 'corridor-place-'))
    kept = made
    onTestFinished(async () => {
      kept = undefined
      await rm(made, { recursive: true })
    })
    return made
  }
  return {
    kept: 'fsync',
    setup: async () => ({ env: { DATA_DIR: await folder() } }),
    log: async (clock) => SqliteLog.open(await folder(), clock, systemRandom(), SILENT),
  }
}

/** A logger that says nothing. */
export const SILENT = { debug() {}, info() {}, warn() {}, error() {} }
