/**
 * Clients whose event stream a room's `join` has refused. An `EventSource` reconnects by itself, so its next try is
 * refused with a status, which is final for it. `event-room.ts` adds to it, `transports/streams/live.ts` asks.
 */
import type { Clock } from '../clock.ts'
import type { RoomError } from '../errors.ts'

/** Longer than an `EventSource` waits before its next try. */
const KEPT_MS = 10_000
const MOST = 10_000

interface KeptRefusal {
  readonly error: RoomError
  readonly untilMs: number
}

export class JoinRefusals {
  readonly #clock: Clock
  /** By client id, oldest first. */
  #kept: Map<string, KeptRefusal> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(client: string, error: RoomError): void {
    const now = this.#clock.monotonic()
    this.#kept ??= new Map()
    this.#kept.delete(client)
    for (const [oldest, { untilMs }] of this.#kept) {
      if (untilMs > now && this.#kept.size < MOST) break
      this.#kept.delete(oldest)
    }
    this.#kept.set(client, { error, untilMs: now + KEPT_MS })
  }

  /** The error that refused this client in the last seconds. */
  of(client: string | undefined): RoomError | undefined {
    const kept = client === undefined ? undefined : this.#kept?.get(client)
    return kept && kept.untilMs > this.#clock.monotonic() ? kept.error : undefined
  }
}
