/** A room as it is kept in Redis: what the script `open` answers. `room.ts` begins with it. */
import type { EpochEntry } from '../lineage.ts'
import type { Stored } from '../log.ts'
import { REDACTED, redactedData } from '../redacted.ts'
import type { StoredEvent } from '../stored-event.ts'
import type { Claim, Position } from './position.ts'
import type { Reply } from './redis-calls.ts'
import { bytes, count, list, pairs, text } from './reply.ts'
import { storedValue } from './stored-value.ts'

export interface StoredRoom {
  readonly at: Position
  /** The node that owns it, '' if none does, and with which term. */
  readonly owner: string
  readonly term: number
  /** With which this node opens it. */
  readonly claim?: Claim | undefined
  readonly seq: number
  readonly first: number
  /** How many ids are kept. */
  readonly ids: number
  readonly epochs: readonly EpochEntry[]
  readonly storage: ReadonlyMap<string, Stored>
  readonly alarms: ReadonlyMap<string, number>
  /** The newest events, oldest first. */
  readonly recent: readonly StoredEvent[]
  /** The run of Redis that answered. */
  readonly runId: string
  /** What does not agree with the rest, since Redis lost a part of the room; '': nothing. */
  readonly lost: string
}

export function storedRoom(reply: Reply): StoredRoom {
  const [known, last, lineage, storage, alarms, events, redacted, runId, elsewhere] = list(reply)
  const [epoch, number, s, f, ids, keys, names, owner, term] = list(known).map((field) => text(field))
  const seq = Number(s || 0)
  const stored = new Map(pairs(storage).map(([key, value]) => [key.toString(), storedValue(value)]))
  const set = new Map(pairs(alarms).map(([name, at]) => [name.toString(), Number(at)]))
  const epochs = list(lineage).map((entry) => epochEntry(text(entry)))
  const [inParts, nextAlarm, listed] = list(elsewhere)
  const isAlarmListed = set.size === 0 ? String(nextAlarm) === '' : count(nextAlarm) === Math.min(...set.values())
  const disagreeing = {
    // The number of a room that was never written is ''.
    events: count(last) > seq || (seq > 0 && count(last) < seq),
    epochs: (epochs.at(-1)?.epoch ?? '') !== epoch,
    ids: count(inParts) !== Number(ids || 0),
    storage: stored.size !== Number(keys || 0),
    alarms: set.size !== Number(names || 0),
    index: !isAlarmListed || (String(listed) === '' && epoch !== ''),
  }
  return {
    at: { epoch: epoch ?? '', number: Number(number || 0) },
    owner: owner ?? '',
    term: Number(term || 0),
    seq,
    first: Number(f || 1),
    ids: Number(ids || 0),
    epochs,
    storage: stored,
    alarms: set,
    recent: recentOf(list(events).map(storedEvent).reverse(), pairs(redacted), Number(f || 1)),
    runId: text(runId),
    lost: Object.entries(disagreeing)
      .flatMap(([what, isSo]) => (isSo ? what : []))
      .join(', '),
  }
}

/** Of the reply of `page` and `open`: seq, time, type, data; a redacted one has no type. */
export function storedEvent(reply: Reply): StoredEvent {
  const [seq, time, type, data] = list(reply)
  const number = count(seq)
  if (bytes(type).length === 0) return { seq: number, time: count(time), type: REDACTED, data: redactedData(number) }
  return { seq: number, time: count(time), type: text(type), data: text(data) }
}

/** With the events that were redacted, which are not among them. */
function recentOf(
  events: readonly StoredEvent[],
  redacted: readonly (readonly [Buffer, Buffer])[],
  first: number,
): StoredEvent[] {
  const inBetween = redacted
    .map(([at, time]) => ({ seq: Number(at), time: Number(time) }))
    .filter(({ seq }) => seq >= first)
  const all = [...events, ...inBetween.map((one) => ({ ...one, type: REDACTED, data: redactedData(one.seq) }))]
  return all.sort((a, b) => a.seq - b.seq)
}

/** Of the list of a room's epochs. */
export function epochEntry(entry: string): EpochEntry {
  const [epoch = '', first, isCleared] = entry.split(' ')
  return { epoch, first: Number(first), isCleared: isCleared === '1' }
}
