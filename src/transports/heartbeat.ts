/**
 * One timer for the heartbeat of every peer: a ring of one-second slots. A peer stands in the slot in which it is next
 * looked at: to be pinged, or, 10 s after a ping, to have given a sign of life. A proxy's idle time stays longer than
 * the heartbeat, so no quiet connection is cut (RFC 6455, 5.5.2).
 */
import type { Clock } from '../clock.ts'

/** A connection that can be asked whether it lives. */
export interface Beating {
  isAlive: boolean
  /** We do not read from it now, so it cannot give a sign. */
  readonly isPaused: boolean
  beat(): void
  lose(): void
  readonly readyState: number
}

interface Turn {
  readonly socket: Beating
  readonly everyTicks: number
  /** The tick of the next ping. */
  pingAt: number
  /** The tick of the oldest ping that nothing followed yet. */
  askedAt: number | undefined
}

const TICK_MS = 1000
const ANSWER_TICKS = 10
const SLOTS = 128
const CLOSED = 3

export class Heartbeat {
  readonly #slots: Turn[][] = Array.from({ length: SLOTS }, () => [])
  #tick = 0

  constructor(clock: Clock) {
    clock.every(TICK_MS, () => this.#turn())
  }

  /** Watches a connection until it is closed. */
  add(socket: Beating, everyMs: number): void {
    const everyTicks = Math.max(1, Math.round(everyMs / TICK_MS))
    this.#in(everyTicks, { socket, everyTicks, pingAt: this.#tick + everyTicks, askedAt: undefined })
  }

  #in(ticks: number, turn: Turn): void {
    // What is further away than the ring is long is looked at on the way.
    this.#slots[(this.#tick + Math.min(ticks, SLOTS - 1)) % SLOTS]?.push(turn)
  }

  #turn(): void {
    this.#tick += 1
    const slot = this.#tick % SLOTS
    const due = this.#slots[slot] ?? []
    this.#slots[slot] = []
    for (const turn of due) this.#look(turn)
  }

  #look(turn: Turn): void {
    const { socket, everyTicks } = turn
    const now = this.#tick
    if (socket.readyState === CLOSED) return
    if (socket.isAlive || socket.isPaused) turn.askedAt = undefined
    if (turn.askedAt !== undefined && now - turn.askedAt >= ANSWER_TICKS) {
      socket.lose()
      return
    }
    if (now >= turn.pingAt) {
      turn.pingAt = now + everyTicks
      turn.askedAt ??= now
      socket.isAlive = false
      socket.beat()
    }
    const answer = turn.askedAt === undefined ? everyTicks : turn.askedAt + ANSWER_TICKS - now
    this.#in(Math.max(1, Math.min(turn.pingAt - now, answer)), turn)
  }
}
