/**
 * Frames that are not kept, sent while an append is being written: each is delivered after that append, so that
 * everyone sees one order. Their bytes are bounded. `room.ts` owns one queue.
 */

import type { Frame } from '../../delivery/frame.ts'
import { RoomError } from '../../errors.ts'
import type { Deliver } from '../log.ts'

export interface Carried {
  readonly frame: Frame
  readonly except: object | undefined
}

/** The most bytes that may wait in a room. */
const MOST_BYTES = 8 * 1024 * 1024

export class CarryQueue {
  #bytes = 0

  /** Throws a `RoomError` `unavailable` if too much waits already. */
  add(to: { carried: Carried[] | undefined }, item: Carried): void {
    if (this.#bytes > MOST_BYTES) throw new RoomError('unavailable', 'the log is behind, send it again later')
    this.#bytes += item.frame.size
    to.carried ??= []
    to.carried.push(item)
  }

  /** Call when the append is done: delivers the frames that waited for it. */
  deliver({ carried = [] }: { carried: Carried[] | undefined }, deliver: Deliver): void {
    for (const { frame, except } of carried) {
      this.#bytes -= frame.size
      deliver(frame, except)
    }
  }
}
