/**
 * One room of the log in memory. Its events, storage and alarms stay when it is closed, so that it opens again with them.
 * `memory.ts` owns it.
 */
import type { Clock } from '../clock.ts'
import { Frame } from '../delivery/frame.ts'
import { RoomError } from '../errors.ts'
import type { Lives } from './epoch.ts'
import { type EpochEntry, locate, MAX_EPOCHS } from './lineage.ts'
import {
  type Changes,
  type Entry,
  isEmpty,
  type ProducerState,
  type Recalled,
  type Resume,
  type Retention,
  type RoomLog,
  type RoomState,
  type Stored,
} from './log.ts'
import { MemoryIdempotency } from './memory-idempotency.ts'
import { Recent } from './recent.ts'
import { REDACTED, redactedFrame } from './redacted.ts'

/** What is kept of a room. */
export class MemoryRoom {
  readonly path: string
  readonly lives: Lives
  readonly epochs: EpochEntry[]
  readonly recent: Recent
  readonly storage = new Map<string, Stored>()
  readonly alarms = new Map<string, number>()
  /** Set once there is something to remember. */
  idempotency: MemoryIdempotency | undefined
  /** When it was last open or appended to, and how long it is kept from then on. */
  activeMs = 0
  forgetAfterMs: number | undefined

  /** `before`: the room that was erased, whose offsets are still known. */
  constructor(path: string, lives: Lives, before?: MemoryRoom) {
    this.path = path
    this.lives = lives
    this.recent = new Recent(before?.recent.seq)
    this.epochs = [...(before?.epochs ?? [])]
    this.begin(before !== undefined)
  }

  get epoch(): string {
    return this.epochs.at(-1)?.epoch ?? ''
  }

  /** Whether nothing is lost with it but offsets. */
  get isEmpty(): boolean {
    return !this.hasState && this.recent.seq === 0 && this.idempotency === undefined
  }

  /** Whether there is something that can be read, or that a client may ask for. */
  get keepsSomething(): boolean {
    return this.hasState || this.recent.length > 0 || this.idempotency !== undefined
  }

  get hasState(): boolean {
    return this.storage.size > 0 || this.alarms.size > 0
  }

  begin(isCleared: boolean): void {
    const first = this.recent.seq + 1
    this.epochs.push({ epoch: this.lives.begin(this.path, this.epochs.at(-1)?.epoch, first), first, isCleared })
    if (this.epochs.length > MAX_EPOCHS) this.epochs.shift()
  }

  change({ storage, alarms, redacted = [] }: Changes): void {
    for (const [key, value] of storage ?? []) put(this.storage, key, value)
    for (const [name, at] of alarms ?? []) put(this.alarms, name, at)
    for (const seq of redacted) {
      const frame = this.recent.at(seq)
      if (!frame || frame.type === REDACTED) continue
      this.recent.replace(redactedFrame(seq, frame.time))
      this.idempotency?.redact(seq)
    }
  }
}

export class MemoryRoomLog implements RoomLog {
  readonly kept = 'memory'
  readonly isBehind = false
  readonly #clock: Clock
  readonly #all: MemoryRoom
  readonly #retention: Retention
  readonly #shut: () => void
  #isTaken = false
  /** It was closed or erased: another may be open in its place. */
  isClosed = false

  constructor(clock: Clock, all: MemoryRoom, retention: Retention, shut: () => void) {
    this.#clock = clock
    this.#all = all
    this.#retention = retention
    this.#shut = shut
  }

  get epoch(): string {
    return this.#all.epoch
  }

  get first(): number {
    this.#trim()
    return this.#all.recent.first
  }

  get seq(): number {
    return this.#all.recent.seq
  }

  takeState(): RoomState {
    const { storage, alarms } = this.#isTaken ? NOTHING : this.#all
    this.#isTaken = true
    return { storage: new Map(storage), alarms: new Map(alarms) }
  }

  append(entry: Entry): void {
    const { drafts, keys, changes } = entry
    const refusal = this.#refusal(entry)
    if (refusal) {
      entry.failed(refusal)
      return
    }
    const now = this.#clock.now()
    const { recent } = this.#all
    if (changes?.clearsHistory) {
      recent.trim(0, 0)
      this.#all.begin(true)
    }
    const first = recent.seq + 1
    const frames = drafts.map(({ type, data }, index) => new Frame(type, data, first + index, now))
    for (const frame of frames) recent.push(frame)
    for (const key of keys) this.#all.idempotency?.keep(key, frames, now)
    if (changes) this.#all.change(changes)
    this.#trim()
    entry.kept(frames)
  }

  read(after: number, limit: number, bytes?: number): readonly Frame[] {
    this.#trim()
    return this.#all.recent.after(after, limit, bytes)
  }

  locate(epoch: string, seq: number): Resume {
    const { path, lives, epochs } = this.#all
    return locate({ path, lives, epochs, first: this.first, seq: this.seq }, epoch, seq)
  }

  recall(client: string, id: string): Recalled {
    return this.#all.idempotency?.recall(client, id)
  }

  producer(id: string): ProducerState | undefined {
    return this.#all.idempotency?.producer(id)
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.#shut()
  }

  #refusal(entry: Entry): RoomError | undefined {
    const { keys } = entry
    if (this.isClosed && !isEmpty(entry)) return new RoomError('unavailable', 'this room has closed')
    if (keys.length === 0) return undefined
    this.#trim()
    this.#all.idempotency ??= new MemoryIdempotency()
    return this.#all.idempotency.refusal(keys, this.#retention.ids)
  }

  #trim(): void {
    const now = this.#clock.now()
    this.#all.recent.trim(this.#retention.keep, now - this.#retention.maxAgeMs)
    this.#all.idempotency?.trim(now, this.#all.recent.first)
  }
}

const NOTHING: RoomState = { storage: new Map(), alarms: new Map() }

function put<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}
