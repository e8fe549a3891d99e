/**
 * One commit of a room as the call of a script: what its entries keep, in the order of `scripts/commit.ts`. It names the
 * commit that it continues. `room-commits.ts` says it, and says it again if Redis has lost it.
 */
import { Frame } from '../../delivery/frame.ts'
import type { IdDigests } from '../id-digest.ts'
import { idTime } from '../id-time.ts'
import type { EpochEntry } from '../lineage.ts'
import type { Entry, Retention } from '../log.ts'
import { isNew } from '../pending-keys.ts'
import { errorText, idValue } from './id-value.ts'
import { packed } from './packed.ts'
import type { Position } from './position.ts'
import type { Argument } from './redis-calls.ts'
import { valueBytes } from './stored-value.ts'

/** The most events and bytes of one call; a single entry may be larger. */
const MOST = { events: 256, bytes: 256 * 1024 }

export interface CommitCall<E extends { readonly entry: Entry }> {
  /** The commit that it continues. */
  readonly from: Position
  /** The epoch of its own. */
  readonly to: string
  readonly pending: readonly E[]
  readonly begins: readonly EpochEntry[]
  /** Of its first event. */
  readonly firstSeq: number
  readonly lastSeq: number
  /** What follows the run id, the position and the time. */
  readonly rest: readonly Argument[]
  readonly bytes: number
}

type List = 'begins' | 'events' | 'newIds' | 'usedIds' | 'clients' | 'producers' | 'storage' | 'alarms' | 'redacted'

export interface CallRoom {
  readonly path: string
  readonly retention: Retention
  readonly seq: number
  readonly at: Position
  readonly digests: IdDigests
  begins(cleared: readonly number[]): EpochEntry[]
}

/** How many of the entries go into one call. */
export function fitting(pending: readonly { readonly entry: Entry }[]): number {
  let [events, bytes, fit] = [0, 0, 0]
  for (const { entry } of pending) {
    events += entry.drafts.length
    bytes += bytesOf(entry)
    if (fit > 0 && (events > MOST.events || bytes > MOST.bytes)) break
    fit += 1
  }
  return fit
}

export function bytesOf({ drafts, keys, changes }: Entry): number {
  let bytes = 100 * keys.length
  for (const { type, data } of drafts) bytes += type.length + data.length
  for (const [key, value] of changes?.storage ?? []) bytes += key.length + (value?.length ?? 0)
  return bytes
}

export function commitCall<E extends { readonly entry: Entry }>(room: CallRoom, pending: readonly E[]): CommitCall<E> {
  const lists = newLists()
  const { events, producers, storage, alarms, redacted } = lists
  const latest = new Map<string, number>()
  const cleared: number[] = []
  let seq = room.seq
  for (const { entry } of pending) {
    const { drafts, keys, changes } = entry
    if (changes?.clearsHistory) cleared.push(seq + 1)
    const digests: (Buffer | undefined)[] = []
    for (const key of keys) {
      if ('producer' in key) {
        producers.push(key.producer, `${key.epoch} ${key.seq}`)
        continue
      }
      const digest = room.digests.id(key.client, key.id)
      const value = idValue(key.hash, key.draft === undefined ? undefined : seq + 1 + key.draft)
      lists[isNew(key) ? 'newIds' : 'usedIds'].push(digest, value, key.error ? errorText(key.error) : '')
      latest.set(key.client, later(latest.get(key.client) ?? 0, idTime(key.id)))
      if (key.draft !== undefined) digests[key.draft] = digest
    }
    for (const [index, { type, data }] of drafts.entries()) events.push(type, data, digests[index] ?? '')
    for (const [key, value] of changes?.storage ?? []) storage.push(key, value === undefined ? '' : valueBytes(value))
    for (const [name, at] of changes?.alarms ?? []) alarms.push(name, at ?? '')
    redacted.push(...(changes?.redacted ?? []))
    seq += drafts.length
  }
  for (const [client, time] of latest) lists.clients.push(room.digests.client(client), time)
  const { at, retention } = room
  const begins = room.begins(cleared)
  for (const { epoch, first, isCleared } of begins) lists.begins.push(epoch, first, isCleared ? 1 : 0)
  return {
    from: at,
    to: begins.at(-1)?.epoch ?? at.epoch,
    pending,
    begins,
    firstSeq: room.seq + 1,
    lastSeq: seq,
    rest: [
      Math.max(1, seq - retention.keep + 1),
      retention.maxAgeMs,
      retention.forgetAfterMs ?? '',
      ...Object.values(lists).map(packed),
    ],
    bytes: pending.reduce((sum, { entry }) => sum + bytesOf(entry), 0),
  }
}

/** In the order in which the script takes them. */
function newLists(): Record<List, Argument[]> {
  return {
    begins: [],
    events: [],
    newIds: [],
    usedIds: [],
    clients: [],
    producers: [],
    storage: [],
    alarms: [],
    redacted: [],
  }
}

/** The arguments of the script. `timeMs`: the time it had; '' for the present one. */
export function saying(path: string, runId: string, call: Said, timeMs: number | ''): Argument[] {
  return [path, runId, call.from.epoch, call.from.number, call.to, timeMs, ...call.rest]
}

/** The entries of a call that is kept since then, each with its events. */
export function* framesOf<E extends { readonly entry: Entry }>(
  { firstSeq, pending }: CommitCall<E>,
  timeMs: number,
): Iterable<[E, Frame[]]> {
  let next = firstSeq
  for (const each of pending) {
    const first = next
    const frames = each.entry.drafts.map(({ type, data }, index) => new Frame(type, data, first + index, timeMs))
    next += frames.length
    yield [each, frames]
  }
}

/** The key of a new id by its index among those of the call, and at which entry it is. */
export function ownerOf<E extends { readonly entry: Entry }>({ pending }: CommitCall<E>, index: number) {
  const keys = pending.flatMap(({ entry }, at) => entry.keys.map((key) => ({ at, key })))
  const owner = keys.filter(({ key }) => isNew(key))[index]
  if (owner) return owner
  throw new Error(`expected the index of a new id of the call, got ${index}`)
}

/** What is needed of a call to say it again. */
export type Said = Pick<CommitCall<never>, 'from' | 'to' | 'rest'>

/** The latest time in ids of a client as it is kept: doubled, and odd if there is also an id without a time. */
function later(known: number, time: number | undefined): number {
  const odd = known % 2
  return time === undefined ? known - odd + 1 : Math.max(known - odd, 2 * time) + odd
}
