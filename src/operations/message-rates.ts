/**
 * How many messages a second each open room receives, over the last 5 to 10 s. Rooms only count; the counts are looked at
 * every 5 s. `overview.ts` shows the rates.
 */
import type { Clock } from '../clock.ts'
import type { HostedRoom } from '../room/hosted-room.ts'
import type { HostedAt } from '../room/instance.ts'
import type { Rooms } from '../room/rooms.ts'

const LOOK_MS = 5000
/** A room that has just opened is taken for this old. */
const LEAST_MS = 1000

interface Sample {
  readonly count: number
  /** `clock.monotonic()` */
  readonly atMs: number
}

export class MessageRates {
  readonly #clock: Clock
  readonly #samples = new WeakMap<HostedRoom, { readonly older: Sample | undefined; readonly newer: Sample }>()

  constructor(clock: Clock, rooms: Rooms) {
    this.#clock = clock
    clock.every(LOOK_MS, () => {
      for (const { room } of rooms.open()) this.#look(room)
    })
  }

  of({ room, openedMs }: HostedAt): number {
    const { older } = this.#samples.get(room) ?? {}
    const sinceMs = older ? this.#clock.monotonic() - older.atMs : this.#clock.now() - openedMs
    const perSecond = ((room.received - (older?.count ?? 0)) * 1000) / Math.max(LEAST_MS, sinceMs)
    return Math.round(perSecond * 100) / 100
  }

  #look(room: HostedRoom): void {
    const newer = { count: room.received, atMs: this.#clock.monotonic() }
    this.#samples.set(room, { older: this.#samples.get(room)?.newer, newer })
  }
}
