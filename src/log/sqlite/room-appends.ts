/**
 * The entries of one room that are not on disk yet: numbered when their commit is gathered, ended in order, and with
 * them those that have nothing to keep and follow them. `room.ts` owns them.
 */
import { Frame } from '../../delivery/frame.ts'
import { RoomError } from '../../errors.ts'
import { CarryQueue } from '../carry-queue.ts'
import { idsRefusal, newIds } from '../id-limit.ts'
import { type Changes, type Entry, type IdempotencyKey, isEmpty } from '../log.ts'
import { isNew, PendingKeys, seqOf } from '../pending-keys.ts'
import type { Append, CommitDraft } from './commits.ts'
import type { RoomEpochs } from './room-epochs.ts'
import type { SqliteRoomParts } from './room-parts.ts'

/** An entry that is not on disk yet. */
interface PendingEntry {
  readonly entry: Entry
  /** What was appended before the last failure must not be written after it. */
  readonly generation: number
  followers: Entry[] | undefined
}

export interface AppendsRoom {
  readonly parts: SqliteRoomParts
  readonly epochs: RoomEpochs
  /** How many ids of messages it remembers. */
  readonly mostIds: number | undefined
  /** Its id on disk. */
  readonly id: () => number
  /** The newest event on disk. */
  readonly seq: number
  /** It is on disk for the first time in this process. */
  readonly begun: () => void
  /** These events and changes are on disk. */
  readonly changed: (frames: readonly Frame[], changes: Changes | undefined) => void
  /** An entry has ended, and all that follow it. */
  readonly ended: () => void
}

export class RoomAppends {
  readonly #room: AppendsRoom
  readonly #pendingKeys = new PendingKeys()
  /** The newest entry that is not on disk yet, with those that follow it. */
  #latest: PendingEntry | undefined
  #generation = 0
  readonly #carryQueue = new CarryQueue()
  #next: number
  #time: number
  /** How many ids of messages are on disk. */
  #ids: number
  /** Nothing is taken any more. */
  isClosed = false
  #onIdle = () => {}

  /** `time`: of the newest event. `ids`: how many ids of messages are on disk. */
  constructor(room: AppendsRoom, time: number, ids: number) {
    this.#room = room
    this.#next = room.seq + 1
    this.#time = time
    this.#ids = ids
  }

  get isBehind(): boolean {
    return this.#carryQueue.isFull
  }

  append(entry: Entry): void {
    if (isEmpty(entry)) {
      if (this.#latest) this.#carryQueue.add(this.#latest, entry)
      else entry.kept([])
      return
    }
    const refusal = this.#refusal(entry.keys)
    if (refusal) {
      entry.failed(refusal)
      return
    }
    this.#pendingKeys.add(entry.keys)
    const pending = { entry, generation: this.#generation, followers: undefined }
    this.#latest = pending
    this.#room.parts.enqueue(this.#append(pending))
  }

  /** So many ids of messages are on disk no more. */
  forgot(ids: number): void {
    this.#ids -= ids
  }

  /** Takes nothing more. Resolves when all is written. */
  async close(): Promise<void> {
    this.isClosed = true
    if (!this.#latest) return
    await new Promise<void>((resolve) => {
      const before = this.#onIdle
      this.#onIdle = () => {
        before()
        resolve()
      }
    })
  }

  #refusal(keys: readonly IdempotencyKey[]): RoomError | undefined {
    if (this.isClosed) return new RoomError('unavailable', 'this room has closed')
    if (this.#pendingKeys.hasAny(keys))
      return new RoomError('unavailable', 'this message is being kept, send it again later')
    return this.#room.parts.refusal() ?? idsRefusal(keys, this.#ids + this.#pendingKeys.size, this.#room.mostIds)
  }

  #append(pending: PendingEntry): Append {
    const { drafts, keys, changes, size } = pending.entry
    const { epochs, id, begun, changed } = this.#room
    let frames: Frame[] = []
    let cleared: ReturnType<RoomEpochs['clear']> | undefined
    return {
      length: drafts.reduce((sum, { data }) => sum + data.length, size),
      prepare: (commit) => {
        if (pending.generation !== this.#generation) throw new Error('an entry before this one could not be kept')
        const time = Math.max(this.#time, this.#room.parts.clock.now())
        const next = this.#next
        const made = drafts.map(({ type, data }, index) => new Frame(type, data, next + index, time))
        epochs.begin(commit, id())
        write(commit, id(), pending.entry, made, time)
        if (changes?.clearsHistory) cleared = epochs.clear(commit, id(), next)
        // Nothing throws below.
        this.#time = time
        this.#next += made.length
        frames = made
      },
      committed: () => {
        if (epochs.saved(cleared)) begun()
        changed(frames, changes)
        this.#ids += newIds(keys)
        for (const key of keys) if (isNew(key)) this.#room.parts.seenIds.add(id(), key.client, key.id)
        this.#finish(pending, () => pending.entry.kept(frames))
      },
      failed: (error) => {
        // Its numbers are free again. An entry without numbers must not change those of a running commit.
        if (frames.length > 0) this.#next = this.#room.seq + 1
        if (cleared) epochs.failed()
        this.#generation += 1
        this.#finish(pending, () => pending.entry.failed(error), error)
      },
    }
  }

  /** Ends an entry, then those that follow it. */
  #finish(pending: PendingEntry, end: () => void, error?: RoomError): void {
    this.#pendingKeys.remove(pending.entry.keys)
    end()
    this.#carryQueue.end(pending, error)
    // What was appended meanwhile and keeps nothing came after those that follow it.
    const isLatest = this.#latest === pending
    if (isLatest) this.#latest = undefined
    this.#room.ended()
    if (isLatest) this.#onIdle()
  }
}

function write(
  { events, keys, changes: all }: CommitDraft,
  room: number,
  entry: Entry,
  frames: readonly Frame[],
  time: number,
): void {
  const { drafts, changes } = entry
  for (const [index, { type, data }] of drafts.entries()) events.push(room, frames[index]?.seq ?? 0, time, type, data)
  for (const key of entry.keys) keys.push({ room, key, seq: seqOf(key, frames), time })
  if (changes?.storage || changes?.alarms || changes?.redacted) all.push({ room, changes })
}
