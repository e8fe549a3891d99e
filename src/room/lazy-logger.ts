/**
 * A room's logger, created with its first line: most rooms log nothing, and a pino child needs as much memory as the
 * rest of a room. `room.ts` makes one for each room.
 */
import type { RoomLogger } from '../define.ts'

export class LazyLogger {
  readonly #parent: { child(fields: object): RoomLogger }
  readonly #room: string
  #logger: RoomLogger | undefined

  constructor(parent: { child(fields: object): RoomLogger }, room: string) {
    this.#parent = parent
    this.#room = room
  }

  /** The pino child, which room modules have as `room.log`. */
  get child(): RoomLogger {
    this.#logger ??= this.#parent.child({ room: this.#room })
    return this.#logger
  }

  error(fields: object, text: string): void {
    this.child.error(fields, text)
  }

  warn(fields: object, text: string): void {
    this.child.warn(fields, text)
  }
}
