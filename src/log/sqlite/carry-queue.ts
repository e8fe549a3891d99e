/**
 * What a room says without keeping it while an append is on its way to the disk: it follows that append, so that everyone
 * hears things in one order. What waits so is bounded. `room.ts` owns one.
 */

import type { Frame } from '../../delivery/frame.ts'
import { RoomError } from '../../errors.ts'
import type { Deliver } from '../log.ts'

export interface Carried {
  readonly frame: Frame
  readonly except: object | undefined
}

/** Bytes of all that waits in a room. */
const MOST_BYTES = 8 * 1024 * 1024

export class CarryQueue {
  #bytes = 0

  /** Throws `unavailable` where too much waits already. */
  add(to: { carried: Carried[] | undefined }, said: Carried): void {
    if (this.#bytes > MOST_BYTES) throw new RoomError('unavailable', 'the log is behind, say it again later')
    this.#bytes += said.frame.size
    to.carried ??= []
    to.carried.push(said)
  }

  /** The append is over: what was said behind it may follow now. */
  deliver({ carried = [] }: { carried: Carried[] | undefined }, deliver: Deliver): void {
    for (const { frame, except } of carried) {
      this.#bytes -= frame.size
      deliver(frame, except)
    }
  }
}
