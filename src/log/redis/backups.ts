/**
 * Backups of the Redis log: all that it keeps, written into a database as the SQLite log has it, which a server without
 * Redis opens. Room by room, each as it is at one moment; commits go on meanwhile. `redis.ts` and `cli/backup.ts` ask.
 */
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WrittenCopy } from '../sqlite/written-copy.ts'
import { BUCKETS, bucketKey, SECRET_KEY } from './keys.ts'
import type { RedisCalls } from './redis-calls.ts'
import { bytes, list, text } from './reply.ts'
import { copyOf } from './room-copy.ts'

/** Rooms whose paths are asked for at a time, and rooms and buckets that are read at a time. */
const PATHS = 100
const AT_ONCE = 4

/** The bytes of such a database. It is made in the folder for temporary files, and is removed in the end. */
export async function* backupOf(calls: RedisCalls): AsyncGenerator<Uint8Array, void, undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'corridor-backup-'))
  try {
    const file = join(folder, 'corridor.db')
    await copyAll(calls, file)
    yield* createReadStream(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes the database into a file that is empty, or not there. */
export async function copyAll(calls: RedisCalls, file: string): Promise<void> {
  const copy = await WrittenCopy.begin(file)
  try {
    const key = await calls.command('GET', SECRET_KEY)
    if (key !== null) await copy.write({ kind: 'key', key: bytes(key) }, { rows: 1, bytes: 100 })
    let rooms = 0
    await inTurns(BUCKETS, async (bucket) => {
      for (let after: string | undefined = ''; after !== undefined; ) {
        const paths = await pathsAfter(calls, bucketKey(bucket), after)
        for (const path of paths) {
          rooms += 1
          await copyOf({ calls, copy, key: bucketKey(bucket), path, room: rooms })
        }
        after = paths.length < PATHS ? undefined : paths.at(-1)
      }
    })
    await copy.end()
  } catch (error) {
    await copy.giveUp()
    throw error
  }
}

async function pathsAfter(calls: RedisCalls, key: string, after: string): Promise<string[]> {
  const from = after === '' ? '-' : `(${after}`
  return list(await calls.command('ZRANGE', `${key}rooms`, from, '+', 'BYLEX', 'LIMIT', 0, PATHS)).map((path) =>
    text(path),
  )
}

/** Does the work for 0, 1, … , a few at a time. */
async function inTurns(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const turn = async () => {
    while (next < count) {
      next += 1
      await work(next - 1)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, turn))
}
