/**
 * Mistakes that are planted into a server from outside, to see that the checker finds them. Most write in two
 * transactions what belongs into one; the point `between` is after the first.
 */
import { RoomError } from '../../../src/errors.ts'
import type { Changes, Entry, RoomLog } from '../../../src/log/log.ts'
import { SqliteThread } from '../../../src/log/sqlite/thread.ts'
import { Step } from '../../../src/room/step.ts'
import { die, isLast } from '../doom.ts'

/** What of an entry a fault writes in a transaction of its own. */
const APART: Readonly<Record<string, (entry: Entry) => Partial<Entry> | undefined>> = {
  storage: ({ changes }) => only(changes?.storage && { storage: changes.storage }),
  id: ({ keys, drafts }) => (keys.length > 0 && drafts.length > 0 ? { keys } : undefined),
  'alarm-over': ({ changes }) => only(changes?.alarms && { alarms: over(changes.alarms) }),
  'alarm-set': ({ changes }) => only(changes?.alarms && { alarms: changes.alarms }),
  redact: ({ changes }) => only(changes?.redacted && { redacted: changes.redacted }),
  clear: ({ changes }) => (changes?.clearsHistory ? { changes: { clearsHistory: true } } : undefined),
}

/** Plants what the environment names in `FAULT`. */
export function plantFault(room: RoomLog, fault = process.env.FAULT ?? ''): RoomLog {
  const append = room.append.bind(room)
  const apart = APART[fault]
  if (apart) room.append = (entry) => appendApart(append, entry, apart(entry))
  if (fault === 'early') plantEarly()
  // What a step that throws, or is not kept, has changed stays in memory.
  if (fault === 'undo' || fault === 'late-undo') Step.prototype.undo = () => {}
  if (fault === 'late-undo') plantFailures(room, append)
  if (fault === 'half') room.append = (entry) => append(half(entry))
  return room
}

function appendApart(append: RoomLog['append'], entry: Entry, later: Partial<Entry> | undefined): void {
  if (!later) {
    append(entry)
    return
  }
  append({
    ...whole(entry),
    keys: later.keys ? [] : entry.keys,
    changes: later.changes ? without(entry.changes, later.changes) : entry.changes,
    kept(frames) {
      if (isLast('between')) die()
      const rest = { drafts: [], keys: [], changes: undefined, size: 0, kept() {}, failed() {} }
      append({
        ...rest,
        ...(later.keys ? { keys: later.keys.map(withoutDraft) } : {}),
        ...(later.changes && { changes: later.changes }),
      })
      entry.kept(frames)
    },
  })
}

/** A commit is reported before it is written. */
function plantEarly(): void {
  SqliteThread.prototype.call = new Proxy(SqliteThread.prototype.call, {
    apply(call, thread, args) {
      if (args[0] !== 'commit') return Reflect.apply(call, thread, args)
      setTimeout(() => void Reflect.apply(call, thread, args), 300)
      return Promise.resolve()
    },
  })
}

/** Every tenth entry with an id cannot be kept. */
function plantFailures(room: RoomLog, append: RoomLog['append']): void {
  let count = 0
  room.append = (entry) => {
    if (entry.keys.length > 0) count += 1
    if (entry.keys.length > 0 && count % 10 === 0) entry.failed(new RoomError('unavailable', 'a fault'))
    else append(entry)
  }
}

/** Of several values only the first is written. */
function half(entry: Entry): Entry {
  const { storage } = entry.changes ?? {}
  if (!storage || storage.size < 2) return entry
  return { ...whole(entry), changes: { ...entry.changes, storage: new Map([...storage].slice(0, 1)) } }
}

function whole(entry: Entry): Entry {
  const { drafts, keys, changes, size } = entry
  return { drafts, keys, changes, size, kept: (frames) => entry.kept(frames), failed: (error) => entry.failed(error) }
}

function withoutDraft<T extends object>(key: T): T {
  return { ...key, draft: undefined }
}

function without(changes: Changes | undefined, later: Changes): Changes | undefined {
  const alarms =
    changes?.alarms && later.alarms && new Map([...changes.alarms].filter(([name]) => !later.alarms?.has(name)))
  const left = {
    ...changes,
    ...(later.storage && { storage: undefined }),
    ...(later.redacted && { redacted: undefined }),
    ...(later.clearsHistory && { clearsHistory: undefined }),
    ...(alarms && { alarms: alarms.size > 0 ? alarms : undefined }),
  }
  return left.storage || left.alarms || left.redacted || left.clearsHistory ? left : undefined
}

function over(alarms: ReadonlyMap<string, number | undefined>): ReadonlyMap<string, number | undefined> {
  return new Map([...alarms].filter(([, at]) => at === undefined))
}

function only(changes: Changes | undefined): Partial<Entry> | undefined {
  const { storage, alarms, redacted } = changes ?? {}
  return storage?.size || alarms?.size || redacted ? { changes } : undefined
}
