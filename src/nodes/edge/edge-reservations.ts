/**
 * The places that are kept in a room for peers about to join, at its home. One is kept at once if the room is open here;
 * otherwise its home is found first. `edge-room.ts` owns one.
 */
import type { Clock } from '../../clock.ts'
import type { Route } from '../../config/mount.ts'
import { RoomError, refusalOf } from '../../errors.ts'
import type { JoinableRoom } from '../../room/open-room.ts'
import type { Coming, JoinReservation } from '../../room/reservation.ts'
import type { KeptPlace, RoomHome } from './room-home.ts'

/** How often a place is asked for if the room moves meanwhile. */
const TRIES = 3

/** The room in which places are kept. */
export interface ReservedRoom {
  readonly joinable: JoinableRoom
  readonly clock: Clock
  /** The time of all nodes, at a moment of the monotonic clock; it is known where the room has a home. */
  timeAt(monotonicMs: number): number
  /** Its home, as long as that is not over. */
  readonly home: RoomHome | undefined
  /** Rejects with a `Refusal`. */
  findHome(): Promise<RoomHome>
  /** A place was given back. */
  released(): void
}

export class EdgeReservations {
  readonly #room: ReservedRoom
  /** How many places are kept or asked for. */
  count = 0

  constructor(room: ReservedRoom) {
    this.#room = room
  }

  /** Throws or rejects with a `Refusal`. */
  reserve(route: Route, coming: Coming): JoinReservation | Promise<JoinReservation> {
    this.count += 1
    try {
      const { home } = this.#room
      const place = home && home.node === undefined ? home.reserve(route, coming) : this.#ask(route, coming)
      return place instanceof Promise ? this.#later(place) : this.#kept(place)
    } catch (error) {
      this.#released()
      throw error
    }
  }

  async #later(place: Promise<KeptPlace>): Promise<JoinReservation> {
    const { clock } = this.#room
    const begunMs = clock.monotonic()
    try {
      return { ...this.#kept(await place), begunMs: this.#room.timeAt(begunMs) }
    } catch (error) {
      this.#released()
      throw error
    }
  }

  async #ask(route: Route, coming: Coming): Promise<KeptPlace> {
    for (let tries = 1; ; tries += 1) {
      const home = this.#room.home ?? (await this.#room.findHome())
      try {
        return await home.reserve(route, coming)
      } catch (error) {
        if (!home.isOver || tries === TRIES) throw error instanceof RoomError ? refusalOf(error, false) : error
      }
    }
  }

  #kept({ release, resumes }: KeptPlace): JoinReservation {
    const { joinable: room } = this.#room
    let isKept = true
    const giveBack = () => {
      if (!isKept) return
      isKept = false
      release()
      this.#released()
    }
    return { room, release: giveBack, resumes }
  }

  #released(): void {
    this.count -= 1
    this.#room.released()
  }
}
