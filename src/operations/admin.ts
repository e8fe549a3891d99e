/**
 * What the operator can do to rooms. A room need not be open. `transports/http/admin-routes.ts` checks the token and the
 * request, and logs it.
 */
import type { Clock } from '../clock.ts'
import type { Route } from '../config/mount.ts'
import type { Position } from '../define.ts'
import { Refusal, RoomError } from '../errors.ts'
import type { Gate } from '../gate/gate.ts'
import { mustKeepEvents, rawRoom } from '../gate/must-keep-events.ts'
import { parseTarget } from '../gate/target.ts'
import type { Kept, Log } from '../log/log.ts'
import type { AlarmBook } from '../room/alarm-book.ts'
import { type Kicked, kick } from '../room/connections.ts'
import { forgetClosed } from '../room/forgetting.ts'
import { mustFit } from '../room/json-bounds.ts'
import type { Rooms } from '../room/rooms.ts'
import type { Visitor } from '../room/session.ts'
import { within } from '../within.ts'

export interface AdminParts {
  readonly clock: Clock
  readonly log: Log
  readonly gate: Pick<Gate, 'route'>
  readonly rooms: Rooms
  readonly alarmBook: Pick<AlarmBook, 'failure' | 'setFailure'>
}

/** A message that the operator says in a room. */
export interface AdminMessage {
  readonly type: string
  readonly data: unknown
  readonly id: string | undefined
}

export interface AdminAnswer {
  readonly seq?: number | undefined
  readonly kept: Kept
  readonly duplicate?: true | undefined
}

/** No client can have this id: theirs have no spaces, or begin with a number. */
const ADMIN: Visitor = { id: 'admin', name: 'admin', client: ' admin', via: 'admin' }
const ANSWER_MS = 5000

export class Admin {
  readonly #parts: AdminParts

  constructor(parts: AdminParts) {
    this.#parts = parts
  }

  /** The mount of a path as it is in a URL. Throws a `Refusal` 404. */
  route(path: string): Route {
    try {
      const target = parseTarget(path, '')
      if (!path.includes('?')) return this.#parts.gate.route(target)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
    }
    throw new Refusal(404, 'not_found', 'expected the path of a room of rooms.json, such as "/chat"')
  }

  /** Returns how many connections have ended. */
  kick(path: string, who: Kicked, reason: string | undefined): number {
    const hosted = this.#parts.rooms.at(this.route(path).path)
    return hosted ? kick(hosted.room, who, reason) : 0
  }

  /** Returns whether a room was open. Its next peer opens it anew, also if it failed to open lately. */
  async restart(given: string): Promise<boolean> {
    const { rooms } = this.#parts
    const { path } = this.route(given)
    const wasOpen = rooms.at(path) !== undefined
    await rooms.whileClosed(path, async () => rooms.failed.remove(path))
    return wasOpen
  }

  /** Erases one event, or all. Rejects with a `RoomError` or a `Refusal`. */
  async forget(given: string, seq?: number): Promise<Position> {
    const { rooms, log } = this.#parts
    const { path, mount } = this.route(given)
    if (mount.kind === 'raw') throw rawRoom()
    const { room } = (await rooms.opening(path)) ?? {}
    // Its code need not run for it, and may not be able to.
    if (room?.kind !== 'event') return rooms.whileClosed(path, () => forgetClosed(log, path, mount.history, seq))
    return this.#inTime(seq === undefined ? room.clearHistory() : room.redact(seq))
  }

  /** Closes the room, and removes all that is kept of it. Returns whether there was something. */
  erase(given: string): Promise<boolean> {
    const { rooms, log, alarmBook } = this.#parts
    const { path } = this.route(given)
    return rooms.whileClosed(path, async () => {
      rooms.failed.remove(path)
      for (const { name } of (await log.contents(path))?.alarms ?? []) alarmBook.setFailure(path, name, undefined)
      return log.erase(path)
    })
  }

  /** Rejects with a `RoomError` or a `Refusal`. */
  async say(path: string, message: AdminMessage): Promise<AdminAnswer> {
    const { rooms } = this.#parts
    const route = this.route(path)
    const { limits } = route.mount
    mustFit(message.data, limits)
    const { room, release } = await rooms.reserve(route, false)
    try {
      const sender = mustKeepEvents(room).anonymousSender(ADMIN)
      let isLate = false
      const posting = sender.post([message], { isLate: () => isLate })
      const posted = await this.#inTime(posting, () => {
        isLate = true
      })
      return { seq: posted.seq, kept: posted.kept, duplicate: posted.isDuplicate ? true : undefined }
    } finally {
      release()
    }
  }

  #inTime<T>(promise: Promise<T>, late: () => void = () => {}): Promise<T> {
    return within<T>(this.#parts.clock, ANSWER_MS, promise, () => {
      late()
      throw new RoomError('unavailable', 'no answer in time; try again later, a message with the same id')
    })
  }
}
