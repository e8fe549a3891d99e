/**
 * One timer for the heartbeat of every peer: a ring of one-second slots. A peer stands in the slot in which it is next
 * looked at: to be pinged, or, 10 s after a ping, to have given a sign of life; and each 10 s at the latest, for whether
 * what it began to send, or has to take, goes on (`stalls.ts`). A proxy's idle time stays longer than
 * the heartbeat, so no quiet connection is cut (RFC 6455, 5.5.2).
 */
import type { Clock } from '../clock.ts'
import { eachGuarded, type Failed, uncaught } from '../guarded.ts'

/** A connection that can be asked whether it lives. */
export interface Beating {
  isAlive: boolean
  /** We do not read from it now, so it cannot give a sign. */
  readonly isPaused: boolean
  beat(): void
  /** Ends the connection where what is on its way does not go on; `nowMs` never goes back. */
  look(nowMs: number): void
  lose(): void
  readonly readyState: number
}

/** A connection's place in the ring. */
export interface Turn {
  /** `undefined`: it is over, and nothing of it is kept until the ring comes round. */
  socket: Beating | undefined
  readonly everyTicks: number
  /** The tick of the next ping. */
  pingAt: number
  /** The tick of the oldest ping that nothing followed yet. */
  askedAt: number | undefined
}

const TICK_MS = 1000
const ANSWER_TICKS = 10
/** How often a connection is looked at, at the least: its deadlines hold within two looks. */
const LOOK_TICKS = 10
const SLOTS = 16
const CLOSED = 3

export class Heartbeat {
  readonly #clock: Clock
  readonly #failed: Failed
  readonly #slots: Turn[][] = Array.from({ length: SLOTS }, () => [])
  #tick = 0

  constructor(clock: Clock, failed: Failed = uncaught) {
    this.#clock = clock
    this.#failed = failed
    clock.every(TICK_MS, () => this.#turn())
  }

  /** Watches a connection until it is closed; who knows that earlier takes the `socket` out of the turn. */
  add(socket: Beating, everyMs: number): Turn {
    const everyTicks = Math.max(1, Math.round(everyMs / TICK_MS))
    const turn = { socket, everyTicks, pingAt: this.#tick + everyTicks, askedAt: undefined }
    this.#in(Math.min(everyTicks, LOOK_TICKS), turn)
    return turn
  }

  #in(ticks: number, turn: Turn): void {
    this.#slots[(this.#tick + ticks) % SLOTS]?.push(turn)
  }

  #turn(): void {
    this.#tick += 1
    const slot = this.#tick % SLOTS
    const due = this.#slots[slot] ?? []
    this.#slots[slot] = []
    eachGuarded(due, (turn) => this.#look(turn), this.#failed)
  }

  #look(turn: Turn): void {
    const { socket } = turn
    if (!socket || socket.readyState === CLOSED) return
    // Watched on, whatever happens in this look.
    let next = LOOK_TICKS
    try {
      next = this.#beat(turn, socket)
    } finally {
      if (next > 0) this.#in(next, turn)
    }
  }

  /** Returns after how many ticks it is looked at again; 0 for never. */
  #beat(turn: Turn, socket: Beating): number {
    const { everyTicks } = turn
    const now = this.#tick
    socket.look(this.#clock.monotonic())
    if (socket.isAlive || socket.isPaused) turn.askedAt = undefined
    if (turn.askedAt !== undefined && now - turn.askedAt >= ANSWER_TICKS) {
      socket.lose()
      return 0
    }
    if (now >= turn.pingAt) {
      turn.pingAt = now + everyTicks
      turn.askedAt ??= now
      socket.isAlive = false
      socket.beat()
    }
    const answer = turn.askedAt === undefined ? everyTicks : turn.askedAt + ANSWER_TICKS - now
    return Math.max(1, Math.min(turn.pingAt - now, answer, LOOK_TICKS))
  }
}
