/**
 * Where a room is now, and where it was last: offsets that a peer was told are those of its last home until there is the
 * next. `edge-room.ts` owns one.
 */
import type { RoomError } from '../../errors.ts'
import { offset } from '../../log/log.ts'
import type { RoomHome } from './room-home.ts'

export class CurrentHome {
  #home: RoomHome | undefined
  /** Knows the offsets of what was written last. */
  #last: RoomHome | undefined

  /** The home, as long as that is not over. */
  get home(): RoomHome | undefined {
    return this.#home?.isOver === false ? this.#home : undefined
  }

  settle(home: RoomHome): void {
    this.#home = this.#last = home
  }

  /** The room has gone from there. */
  lose(home: RoomHome): void {
    if (this.#home === home) this.#home = undefined
  }

  /** Gives the place at another node back. */
  leave(): void {
    this.#home?.leave()
    this.#home = undefined
  }

  offset(seq?: number): string {
    const home = this.#home ?? this.#last
    return home ? home.offset(seq) : offset('', seq ?? 0)
  }

  resumes(at: string): boolean {
    return this.home?.resumes(at) === true
  }

  refusalOf(client: string | undefined): RoomError | undefined {
    return this.home?.refusalOf(client)
  }
}
