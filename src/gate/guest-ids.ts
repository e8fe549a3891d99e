/**
 * The ids of guests. One who gives a `client` has the same id in a room each time, also after a restart, made with a key
 * of the log so that it does not reveal the `client`. `gate.ts` asks.
 */
import { createHmac } from 'node:crypto'
import { refusalOf, roomErrorOf } from '../errors.ts'
import type { Log } from '../log/log.ts'
import type { Random } from '../random.ts'

/** A UUID for a guest: a new one without a `client`. */
export type GuestId = (client: string | undefined) => string

export class GuestIds {
  readonly #log: Pick<Log, 'key'>
  readonly #random: Random

  constructor(log: Pick<Log, 'key'>, random: Random) {
    this.#log = log
    this.#random = random
  }

  /** Makes ids for the room at a path. An id with a `client` throws a `Refusal` 503 while the log does not know its key. */
  in(path: string): GuestId {
    return (client) => this.#of(path, client)
  }

  #of(path: string, client: string | undefined): string {
    if (client === undefined) return this.#random.id()
    const bytes = createHmac('sha256', this.#key()).update(`${path}\0${client}`).digest()
    // Made by a rule of our own (RFC 9562, 5.8).
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
    const hex = bytes.toString('hex', 0, 16)
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  }

  /** Read when it is needed: a log that is elsewhere may learn it after the start. */
  #key(): Uint8Array {
    try {
      return this.#log.key
    } catch (thrown) {
      const error = roomErrorOf(thrown)
      throw error ? refusalOf(error, false) : thrown
    }
  }
}
