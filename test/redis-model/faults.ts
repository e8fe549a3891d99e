/** How a real Redis comes to have a fault, and its model. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { patiently } from '../support/patience.ts'
import type { RedisServer } from '../support/redis.ts'
import type { Faults } from '../support/redis-model/faults.ts'

type Turn = (redis: RedisServer, faults: Faults) => Promise<unknown>

export type Fault = keyof typeof FAULTS

export const FAULTS = {
  full: {
    async begin(redis, faults) {
      await redis.set('maxmemory', '1')
      faults.isFull = true
    },
    async end(redis, faults) {
      await redis.set('maxmemory', '0')
      faults.isFull = false
    },
  },
  replica: {
    async begin(redis, faults) {
      await redis.say('REPLICAOF', '127.0.0.1', 1)
      faults.isReplica = true
    },
    async end(redis, faults) {
      await redis.say('REPLICAOF', 'NO', 'ONE')
      faults.isReplica = false
    },
  },
  busy: {
    async begin(redis, faults) {
      void redis.say('EVAL', 'while true do end', 0).catch(() => {})
      await until(async () => /^BUSY/.test(await ping(redis)), 'a busy Redis')
      faults.isBusy = true
    },
    async end(redis, faults) {
      await redis.say('SCRIPT', 'KILL')
      await until(async () => (await ping(redis)) === 'PONG', 'the end of a script')
      faults.isBusy = false
    },
  },
  /** What it keeps is written to its snapshot and read again, one key after the other. */
  loading: {
    async begin(redis, faults) {
      await redis.set('key-load-delay', '30000')
      void redis.say('DEBUG', 'RELOAD').catch(() => {})
      await until(async () => /^LOADING/.test(await ping(redis)), 'a loading Redis')
      faults.isLoading = true
    },
    async end(redis, faults) {
      await until(async () => (await ping(redis)) === 'PONG', 'the end of a load')
      await redis.set('key-load-delay', '0')
      faults.isLoading = false
    },
  },
  /** A folder stands where its snapshot should. */
  unsaved: {
    async begin(redis, faults) {
      rmSync(snapshot(redis), { force: true })
      mkdirSync(snapshot(redis))
      await redis.set('save', '3600 1000000')
      await redis.say('BGSAVE')
      await until(async () => /rdb_last_bgsave_status:err/.test(await persistence(redis)), 'a failed snapshot')
      faults.diskError = 'snapshot'
    },
    async end(redis, faults) {
      rmSync(snapshot(redis), { recursive: true })
      await redis.say('BGSAVE')
      await until(async () => /rdb_last_bgsave_status:ok/.test(await persistence(redis)), 'a snapshot')
      await redis.set('save', '')
      faults.diskError = undefined
    },
  },
} as const satisfies Record<string, { begin: Turn; end: Turn }>

export async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const turns = async () => {
    while (!(await isSo())) await new Promise<void>((resolve) => setImmediate(resolve))
  }
  await patiently(turns(), what)
}

async function ping(redis: RedisServer): Promise<string> {
  return String(await redis.say('PING').catch((error: Error) => error.message))
}

async function persistence(redis: RedisServer): Promise<string> {
  return String(await redis.say('INFO', 'persistence'))
}

function snapshot({ folder }: RedisServer): string {
  return join(folder, 'dump.rdb')
}
