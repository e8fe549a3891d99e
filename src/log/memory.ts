/**
 * The log in memory, for `DATA_DIR=:memory:`. It keeps the newest events of each room as ready frames. The log of a
 * closed room stays until the server ends, so that the room opens again with its history.
 */
import type { Clock } from '../clock.ts'
import { Frame } from '../delivery/frame.ts'
import { RoomError } from '../errors.ts'
import type { Random } from '../random.ts'
import { Lives } from './epoch.ts'
import { locate } from './lineage.ts'
import type { Entry, Log, LogSpan, ProducerState, Recalled, Resume, Retention, RoomLog, RoomState } from './log.ts'
import { MemoryIdempotency } from './memory-idempotency.ts'
import { Recent } from './recent.ts'

/** The most logs of closed rooms that are kept; beyond it, the one closed first is dropped. */
const MAX_CLOSED = 10_000

interface MemoryRoom {
  readonly path: string
  readonly lives: Lives
  readonly epoch: string
  readonly recent: Recent
  readonly state: RoomState
  /** Set once there is something to remember. */
  idempotency: MemoryIdempotency | undefined
}

export class MemoryLog implements Log {
  readonly trouble = undefined
  readonly #clock: Clock
  readonly #lives: Lives
  readonly #open = new Map<string, MemoryRoom>()
  readonly #closed = new Map<string, MemoryRoom>()

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#lives = new Lives(clock.now(), random)
  }

  async open(path: string, retention: Retention): Promise<RoomLog> {
    const kept = this.#closed.get(path) ?? {
      path,
      lives: this.#lives,
      epoch: this.#lives.begin(path, undefined, 1),
      recent: new Recent(),
      state: { storage: new Map(), alarms: new Map() },
      idempotency: undefined,
    }
    this.#closed.delete(path)
    this.#open.set(path, kept)
    return new MemoryRoomLog(this.#clock, kept, retention, () => this.#shut(path, kept))
  }

  peek(path: string): LogSpan | undefined {
    const kept = this.#open.get(path) ?? this.#closed.get(path)
    return kept && { epoch: kept.epoch, first: kept.recent.first, seq: kept.recent.seq }
  }

  async close(): Promise<void> {
    this.#open.clear()
    this.#closed.clear()
  }

  #shut(path: string, kept: MemoryRoom): void {
    this.#open.delete(path)
    if (kept.recent.seq === 0 && kept.idempotency === undefined) return
    this.#closed.set(path, kept)
    const [oldest] = this.#closed.keys()
    if (this.#closed.size <= MAX_CLOSED || oldest === undefined) return
    this.#closed.delete(oldest)
    this.#lives.renew(this.#clock.now())
  }
}

class MemoryRoomLog implements RoomLog {
  readonly epoch: string
  readonly kept = 'memory'
  readonly isBehind = false
  readonly #clock: Clock
  readonly #all: MemoryRoom
  readonly #recent: Recent
  readonly #retention: Retention
  readonly #shut: () => void

  constructor(clock: Clock, kept: MemoryRoom, retention: Retention, shut: () => void) {
    this.#clock = clock
    this.epoch = kept.epoch
    this.#all = kept
    this.#recent = kept.recent
    this.#retention = retention
    this.#shut = shut
  }

  get first(): number {
    this.#trim()
    return this.#recent.first
  }

  get seq(): number {
    return this.#recent.seq
  }

  takeState(): RoomState {
    return { storage: new Map(this.#all.state.storage), alarms: new Map(this.#all.state.alarms) }
  }

  append(entry: Entry): void {
    const { drafts, keys } = entry
    if (keys.length > 0) {
      this.#trim()
      this.#all.idempotency ??= new MemoryIdempotency()
      if (!this.#all.idempotency.hasRoom) {
        entry.failed(new RoomError('unavailable', 'too many message ids to remember, send it again later'))
        return
      }
    }
    const now = this.#clock.now()
    const first = this.seq + 1
    const frames = drafts.map(({ type, data }, index) => new Frame(type, data, first + index, now))
    for (const frame of frames) this.#recent.push(frame)
    for (const key of keys) this.#all.idempotency?.keep(key, frames, now)
    this.#trim()
    entry.kept(frames)
  }

  read(after: number, limit: number, bytes?: number): readonly Frame[] {
    this.#trim()
    return this.#recent.after(after, limit, bytes)
  }

  locate(epoch: string, seq: number): Resume {
    const epochs = [{ epoch: this.epoch, first: 1 }]
    const { path, lives } = this.#all
    return locate({ path, lives, epochs, first: this.first, seq: this.seq }, epoch, seq)
  }

  recall(client: string, id: string): Recalled {
    return this.#all.idempotency?.recall(client, id)
  }

  producer(id: string): ProducerState | undefined {
    return this.#all.idempotency?.producer(id)
  }

  async close(): Promise<void> {
    this.#shut()
  }

  #trim(): void {
    const now = this.#clock.now()
    this.#recent.trim(this.#retention.keep, now - this.#retention.maxAgeMs)
    this.#all.idempotency?.trim(now, this.#recent.first)
  }
}
