/**
 * One timer for the heartbeat of every connection: a ring of one-second slots. Each connection is in the slot of its next
 * check, at most 10 s ahead. A check sends a ping when one is due, ends a connection that showed no activity for 10 s
 * after a ping, and asks it to check for stalls (`stalls.ts`). A proxy's idle timeout is longer than the heartbeat, so no
 * quiet connection is cut (RFC 6455, 5.5.2).
 */
import type { Clock } from '../clock.ts'
import { eachGuarded, type Failed, uncaught } from '../guarded.ts'

/** A connection that the heartbeat checks. */
export interface HeartbeatTarget {
  /** Whether there was activity since the last ping. */
  isAlive: boolean
  /** We do not read from it now, so it cannot show activity. */
  readonly isPaused: boolean
  sendPing(): void
  /** Ends the connection if a transfer in either direction has stalled; `nowMs` is monotonic. */
  checkStalls(nowMs: number): void
  /** Ends a connection that did not answer a ping. */
  timeOut(): void
  readonly readyState: number
}

/** A connection's entry in the ring. */
export interface Beat {
  /** `undefined`: the connection is closed. The entry is removed when its slot is next processed. */
  socket: HeartbeatTarget | undefined
  readonly everyTicks: number
  /** The tick of the next ping. */
  pingAt: number
  /** The tick of the oldest ping without activity after it. */
  askedAt: number | undefined
}

const TICK_MS = 1000
const ANSWER_TICKS = 10
/** The longest time between two checks: deadlines hold to within two of these. */
const CHECK_TICKS = 10
const SLOTS = 16
const CLOSED = 3

export class Heartbeat {
  readonly #clock: Clock
  readonly #failed: Failed
  readonly #slots: Beat[][] = Array.from({ length: SLOTS }, () => [])
  #tick = 0

  constructor(clock: Clock, failed: Failed = uncaught) {
    this.#clock = clock
    this.#failed = failed
    clock.every(TICK_MS, () => this.#advance())
  }

  /** Watches a connection until it is closed. To stop earlier, set `socket` of the returned beat to `undefined`. */
  add(socket: HeartbeatTarget, everyMs: number): Beat {
    const everyTicks = Math.max(1, Math.round(everyMs / TICK_MS))
    const beat = { socket, everyTicks, pingAt: this.#tick + everyTicks, askedAt: undefined }
    this.#schedule(beat, Math.min(everyTicks, CHECK_TICKS))
    return beat
  }

  #schedule(beat: Beat, ticks: number): void {
    this.#slots[(this.#tick + ticks) % SLOTS]?.push(beat)
  }

  #advance(): void {
    this.#tick += 1
    const slot = this.#tick % SLOTS
    const due = this.#slots[slot] ?? []
    this.#slots[slot] = []
    eachGuarded(due, (beat) => this.#run(beat), this.#failed)
  }

  #run(beat: Beat): void {
    const { socket } = beat
    if (!socket || socket.readyState === CLOSED) return
    // Scheduled again also if this check throws.
    let next = CHECK_TICKS
    try {
      next = this.#check(beat, socket)
    } finally {
      if (next > 0) this.#schedule(beat, next)
    }
  }

  /** Returns the ticks until the next check; 0 for never. */
  #check(beat: Beat, socket: HeartbeatTarget): number {
    const { everyTicks } = beat
    const now = this.#tick
    socket.checkStalls(this.#clock.monotonic())
    if (socket.isAlive || socket.isPaused) beat.askedAt = undefined
    if (beat.askedAt !== undefined && now - beat.askedAt >= ANSWER_TICKS) {
      socket.timeOut()
      return 0
    }
    if (now >= beat.pingAt) {
      beat.pingAt = now + everyTicks
      beat.askedAt ??= now
      socket.isAlive = false
      socket.sendPing()
    }
    const answer = beat.askedAt === undefined ? everyTicks : beat.askedAt + ANSWER_TICKS - now
    return Math.max(1, Math.min(beat.pingAt - now, answer, CHECK_TICKS))
  }
}
