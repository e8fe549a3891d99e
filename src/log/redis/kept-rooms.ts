/** What Redis keeps of rooms that need not be open. `redis.ts` answers with it. */
import { byKey, type KeptRoom, type RoomContents } from '../kept-rooms.ts'
import type { LogSpan, Stored } from '../log.ts'
import { roomsByPath } from './bucket-index.ts'
import { bucketOf } from './keys.ts'
import type { RedisCalls } from './redis-calls.ts'
import { list, text } from './reply.ts'
import { open as openScript } from './scripts/open.ts'
import { storedRoom } from './stored-room.ts'

export async function keptSpan(calls: RedisCalls, path: string): Promise<LogSpan | undefined> {
  const [epoch, seq, first] = await fieldsOf(calls, path, 'e', 's', 'f')
  return epoch ? { epoch, seq: Number(seq ?? 0), first: Number(first ?? 1) } : undefined
}

export async function keptRooms(calls: RedisCalls, limit: number, after?: string): Promise<KeptRoom[]> {
  const all: KeptRoom[] = []
  for (let from = after; ; ) {
    const page = await roomsByPath(calls, limit, from)
    const kept = await Promise.all(page.map(({ path }) => keptRoom(calls, path)))
    all.push(...kept.filter((room) => room !== undefined))
    from = page.at(-1)?.path
    if (page.length < limit || all.length >= limit) return all
  }
}

export async function keptContents(calls: RedisCalls, path: string): Promise<RoomContents | undefined> {
  const { at, storage, alarms } = storedRoom(await calls.run(openScript, bucketOf(path), [path, 0, 0]))
  if (at.epoch === '') return undefined
  return {
    storage: [...storage].map(([key, value]) => ({ key, bytes: Buffer.byteLength(key) + sizeOf(value) })).sort(byKey),
    alarms: [...alarms].map(([name, at]) => ({ name, at })),
  }
}

async function keptRoom(calls: RedisCalls, path: string): Promise<KeptRoom | undefined> {
  const fields = await fieldsOf(calls, path, 's', 'f', 'sb', 'ac', 'ic')
  const [seq = 0, first = 1, storageBytes = 0, alarms = 0, ids = 0] = fields.map((field) => field && Number(field))
  const isKept = Number(first) <= Number(seq) || [storageBytes, alarms, ids].some((size) => Number(size) > 0)
  return isKept ? { path, seq: Number(seq), storageBytes: Number(storageBytes), alarms: Number(alarms) } : undefined
}

/** What is known of the room under these names. */
async function fieldsOf(calls: RedisCalls, path: string, ...names: string[]): Promise<(string | undefined)[]> {
  const fields = await calls.command('HMGET', `${bucketOf(path)}m${path}`, ...names)
  return list(fields).map((field) => (field === null ? undefined : text(field)))
}

function sizeOf(value: Stored): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length
}
