/**
 * The log in memory, for `DATA_DIR=:memory:`. It keeps the newest events of each room as ready frames. The log of a
 * closed room stays until the server ends, so that the room opens again with its history.
 */
import type { Clock } from '../clock.ts'
import { Frame } from '../delivery/frame.ts'
import type { ErrorLogger } from '../guarded.ts'
import type { Random } from '../random.ts'
import { guarded } from './deliver.ts'
import { Lives } from './epoch.ts'
import { locate } from './lineage.ts'
import type {
  Deliver,
  Draft,
  IdempotencyKey,
  Log,
  LogSpan,
  ProducerState,
  Recalled,
  Resume,
  Retention,
  RoomLog,
} from './log.ts'
import { MemoryIdempotency } from './memory-idempotency.ts'
import { Recent } from './recent.ts'

/** The most logs of closed rooms that are kept; beyond it, the one closed first is dropped. */
const MAX_CLOSED = 10_000

const SILENT: ErrorLogger = { error() {} }

interface MemoryRoom {
  readonly path: string
  readonly lives: Lives
  readonly epoch: string
  readonly recent: Recent
  /** Set once there is something to remember. */
  idempotency: MemoryIdempotency | undefined
}

export class MemoryLog implements Log {
  readonly trouble = undefined
  readonly #clock: Clock
  readonly #logger: ErrorLogger
  readonly #lives: Lives
  readonly #open = new Map<string, MemoryRoom>()
  readonly #closed = new Map<string, MemoryRoom>()

  /** `logger`: for errors of delivery. */
  constructor(clock: Clock, random: Random, logger: ErrorLogger = SILENT) {
    this.#clock = clock
    this.#logger = logger
    this.#lives = new Lives(clock.now(), random)
  }

  async open(path: string, retention: Retention, deliver: Deliver): Promise<RoomLog> {
    const kept = this.#closed.get(path) ?? {
      path,
      lives: this.#lives,
      epoch: this.#lives.begin(path, undefined, 1),
      recent: new Recent(),
      idempotency: undefined,
    }
    this.#closed.delete(path)
    this.#open.set(path, kept)
    const safe = guarded(deliver, this.#logger)
    return new MemoryRoomLog(this.#clock, kept, retention, safe, () => this.#shut(path, kept))
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
  readonly #clock: Clock
  readonly #all: MemoryRoom
  readonly #recent: Recent
  readonly #retention: Retention
  readonly #deliver: Deliver
  readonly #shut: () => void

  constructor(clock: Clock, kept: MemoryRoom, retention: Retention, deliver: Deliver, shut: () => void) {
    this.#clock = clock
    this.epoch = kept.epoch
    this.#all = kept
    this.#recent = kept.recent
    this.#retention = retention
    this.#deliver = deliver
    this.#shut = shut
  }

  get first(): number {
    this.#trim()
    return this.#recent.first
  }

  get seq(): number {
    return this.#recent.seq
  }

  append(drafts: readonly Draft[], keys: readonly IdempotencyKey[] = []): number {
    if (keys.length > 0) {
      this.#trim()
      this.#all.idempotency ??= new MemoryIdempotency()
      this.#all.idempotency.mustHaveRoom()
    }
    const now = this.#clock.now()
    const first = this.seq + (drafts.length > 0 ? 1 : 0)
    const frames = drafts.map(({ type, data }, index) => new Frame(type, data, first + index, now))
    for (const frame of frames) this.#recent.push(frame)
    for (const key of keys) this.#all.idempotency?.keep(key, frames, now)
    this.#trim()
    for (const frame of frames) this.#deliver(frame)
    return first
  }

  carry(frame: Frame, except?: object): void {
    this.#deliver(frame, except)
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
