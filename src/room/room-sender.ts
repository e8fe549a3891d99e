/**
 * Delivers messages from one room to another. The other room is opened if necessary, and handles them like those of a
 * sender that is no member. `server.ts` makes it; `author-room.ts` sends.
 */
import type { Answer } from '../author/room.ts'
import type { Clock } from '../clock.ts'
import type { Route } from '../config/mount.ts'
import { Refusal, RoomError } from '../errors.ts'
import { within } from '../within.ts'
import { mustFit } from './json-bounds.ts'
import type { Reservation } from './reservation.ts'
import type { Chain, ChainedMessage, RoomMessage, SendToRoom } from './room-message.ts'
import type { Rooms } from './rooms.ts'

/** How long a room waits for the answer. */
const ANSWER_MS = 5000
/**
 * How many messages of one room leave in one turn of the event loop, so that rooms that answer each other for ever, or one
 * that says very much at once, do not stop everything else.
 */
const A_TURN = 32

export interface RoomSenderParts {
  readonly clock: Clock
  /** Throws a `Refusal` 404 if no room is configured at the path. */
  readonly routeOf: (path: string) => Route
  readonly rooms: Pick<Rooms, 'reserve'>
  /** Delivers a message to a room that lives elsewhere. Resolves with `undefined` if the room is here. */
  readonly elsewhere?: ((message: ChainedMessage) => Promise<Answer | undefined>) | undefined
}

export class RoomSender {
  readonly #parts: RoomSenderParts
  /** What leaves next, by the path of the room that sends it. */
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(parts: RoomSenderParts) {
    this.#parts = parts
  }

  send: SendToRoom = async (message) => {
    const chain = chainOf(message, this.#parts.clock.monotonic() + ANSWER_MS)
    return this.#inTime({ ...message, chain }, (isLate) => this.#anywhere({ ...message, chain }, isLate))
  }

  /** Delivers a message that another server passes on to a room here. */
  deliver(message: ChainedMessage): Promise<Answer> {
    return this.#inTime(message, (isLate) => this.#post(message, isLate))
  }

  async #inTime(message: ChainedMessage, post: (isLate: () => boolean) => Promise<Answer>): Promise<Answer> {
    const { clock } = this.#parts
    const { chain } = message
    const now = clock.monotonic()
    let isLate = false
    const late = (): never => {
      isLate = true
      throw new RoomError('unavailable', `no answer of ${message.path} in time, send it again with the same id`)
    }
    if (chain.untilMs <= now) late()
    const sent = this.#turn(message.from).then(() => (isLate ? late() : post(() => isLate)))
    return within<Answer>(clock, chain.untilMs - now, sent, late)
  }

  /** Resolves in a later turn of the event loop. */
  #turn(from: string): Promise<void> {
    if (this.#waiting.size === 0) this.#parts.clock.soon(() => this.#leave())
    const ofRoom = this.#waiting.get(from) ?? new Set()
    this.#waiting.set(from, ofRoom)
    return new Promise((resolve) => ofRoom.add(resolve))
  }

  /** The next few of each room. */
  #leave(): void {
    for (const [from, ofRoom] of this.#waiting) {
      for (const leave of ofRoom.values().take(A_TURN)) {
        ofRoom.delete(leave)
        leave()
      }
      if (ofRoom.size === 0) this.#waiting.delete(from)
    }
    if (this.#waiting.size > 0) this.#parts.clock.soon(() => this.#leave())
  }

  async #anywhere(message: ChainedMessage, isLate: () => boolean): Promise<Answer> {
    const { path, data } = message
    this.#mustReach(path, data)
    return (await this.#parts.elsewhere?.(message)) ?? this.#post(message, isLate)
  }

  async #post(message: ChainedMessage, isLate: () => boolean): Promise<Answer> {
    const { from, path, type, data, id, chain } = message
    const { room, release } = await this.#reserve(this.#mustReach(path, data))
    try {
      if (room.kind === 'raw') throw new RoomError('not_found', `the room at ${path} is raw: it takes no events`)
      // No client can have this id: theirs have no spaces, or begin with a number.
      const sender = room.anonymousSender({ id: from, name: from, client: ` room ${from}`, via: 'room' })
      const { seq, kept, isDuplicate } = await sender.post([{ type, data, id }], { isLate, chain })
      return { ...(seq !== undefined && { seq }), kept, ...(isDuplicate && { duplicate: true }) }
    } finally {
      release()
    }
  }

  /** Throws a `RoomError` unless a room is configured there that takes such a message. */
  #mustReach(path: string, data: unknown): Route {
    try {
      const route = this.#parts.routeOf(path)
      mustFit(data, route.mount.limits)
      return route
    } catch (error) {
      throw errorFor(path, error)
    }
  }

  async #reserve(route: Route): Promise<Reservation> {
    try {
      return await this.#parts.rooms.reserve(route, false)
    } catch (error) {
      throw errorFor(route.path, error)
    }
  }
}

function errorFor(path: string, error: unknown): unknown {
  if (!(error instanceof Refusal)) return error
  return new RoomError(error.status === 404 ? 'not_found' : 'unavailable', `${path}: ${error.message}`)
}

/** In a circle the time of the first message counts, so that it ends. */
function chainOf({ from, path, chain }: RoomMessage, untilMs: number): Chain {
  const before = chain?.paths ?? []
  const paths = before.includes(from) ? before : [...before, from]
  const isCircle = paths.includes(path)
  return { paths, untilMs: isCircle && chain ? Math.min(untilMs, chain.untilMs) : untilMs }
}
