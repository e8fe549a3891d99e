/**
 * The log in memory, for `DATA_DIR=:memory:`. It keeps the newest events of each room as ready frames. The log of a
 * closed room stays until the server ends, so that the room opens again with its history.
 */
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { Lives } from './epoch.ts'
import { byKey, byPath, byTime, type KeptRoom, type RoomAlarm, type RoomContents } from './kept-rooms.ts'
import type { Log, LogSpan, Retention, RoomLog, Stored } from './log.ts'
import { MemoryRoom, MemoryRoomLog } from './memory-room.ts'

/** The most logs of closed rooms without storage and alarms that are kept; beyond it, the one closed first is dropped. */
const MAX_CLOSED = 10_000
/** How often rooms that nobody uses are looked for. */
const FORGET_MS = 10_000

export class MemoryLog implements Log {
  readonly trouble = undefined
  readonly key: Uint8Array
  readonly #clock: Clock
  readonly #lives: Lives
  readonly #open = new Map<string, { readonly room: MemoryRoom; readonly roomLog: MemoryRoomLog }>()
  /** Closed rooms with storage or alarms, and those without. */
  readonly #asleep = new Map<string, MemoryRoom>()
  readonly #closed = new Map<string, MemoryRoom>()
  #cancelForget: (() => void) | undefined

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#lives = new Lives(clock.now(), random)
    this.key = random.bytes(32)
  }

  async open(path: string, retention: Retention): Promise<RoomLog> {
    const room = this.#take(path) ?? new MemoryRoom(path, this.#lives)
    room.forgetAfterMs = retention.forgetAfterMs
    if (retention.forgetAfterMs !== undefined) this.#cancelForget ??= this.#clock.every(FORGET_MS, () => this.#forget())
    const roomLog = new MemoryRoomLog(this.#clock, room, retention, () => this.#shut(room))
    this.#open.set(path, { room, roomLog })
    return roomLog
  }

  peek(path: string): LogSpan | undefined {
    const room = this.#find(path)
    return room && { epoch: room.epoch, first: room.recent.first, seq: room.recent.seq }
  }

  /** Whether a room has storage or alarms. */
  protected hasState(path: string): boolean {
    return this.#find(path)?.hasState ?? false
  }

  async alarms(limit: number, after?: RoomAlarm): Promise<RoomAlarm[]> {
    const all = this.#all.filter(({ alarms }) => alarms.size > 0)
    const due = all.map(({ path, alarms }) => ({ path, at: Math.min(...alarms.values()) })).sort(byTime)
    return (after ? due.filter((alarm) => byTime(alarm, after) > 0) : due).slice(0, limit)
  }

  async rooms(limit: number, after?: string): Promise<KeptRoom[]> {
    const all = this.#all.filter((room) => room.keepsSomething).sort(byPath)
    const rooms = after === undefined ? all : all.filter((room) => byPath(room, { path: after }) > 0)
    return rooms.slice(0, limit).map(({ path, recent, storage, alarms }) => {
      const bytes = [...storage].map(([key, value]) => sizeOf(key) + sizeOf(value))
      return { path, seq: recent.seq, storageBytes: bytes.reduce((sum, each) => sum + each, 0), alarms: alarms.size }
    })
  }

  async contents(path: string): Promise<RoomContents | undefined> {
    const room = this.#find(path)
    return (
      room && {
        storage: [...room.storage].map(([key, value]) => ({ key, bytes: sizeOf(key) + sizeOf(value) })).sort(byKey),
        alarms: [...room.alarms].map(([name, at]) => ({ name, at })),
      }
    )
  }

  async erase(path: string): Promise<boolean> {
    const open = this.#open.get(path)
    if (open) open.roomLog.isClosed = true
    this.#open.delete(path)
    const room = open?.room ?? this.#take(path)
    if (!room || room.isEmpty) return false
    this.#closed.set(path, new MemoryRoom(path, this.#lives, room))
    return true
  }

  async close(): Promise<void> {
    this.#cancelForget?.()
    for (const rooms of [this.#open, this.#asleep, this.#closed]) rooms.clear()
  }

  get #all(): MemoryRoom[] {
    return [...[...this.#open.values()].map(({ room }) => room), ...this.#asleep.values(), ...this.#closed.values()]
  }

  #find(path: string): MemoryRoom | undefined {
    return this.#open.get(path)?.room ?? this.#asleep.get(path) ?? this.#closed.get(path)
  }

  /** A closed room, which is closed no more. */
  #take(path: string): MemoryRoom | undefined {
    const room = this.#asleep.get(path) ?? this.#closed.get(path)
    this.#asleep.delete(path)
    this.#closed.delete(path)
    return room
  }

  #shut(room: MemoryRoom): void {
    if (this.#open.get(room.path)?.room !== room) return
    this.#open.delete(room.path)
    room.activeMs = this.#clock.now()
    if (room.isEmpty) return
    if (room.hasState) {
      this.#asleep.set(room.path, room)
      return
    }
    this.#closed.set(room.path, room)
    const [oldest] = this.#closed.keys()
    if (this.#closed.size <= MAX_CLOSED || oldest === undefined) return
    this.#closed.delete(oldest)
    this.#lives.renew(this.#clock.now())
  }

  /** Erases the rooms that nobody has used for as long as their settings say. */
  #forget(): void {
    const now = this.#clock.now()
    for (const { path, activeMs, forgetAfterMs } of [...this.#asleep.values(), ...this.#closed.values()]) {
      if (forgetAfterMs !== undefined && activeMs + forgetAfterMs <= now) void this.erase(path)
    }
  }
}

function sizeOf(value: Stored): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length
}
