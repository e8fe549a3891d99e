/**
 * What a room says without keeping it while an append is on its way to the disk: it follows that append, so that everyone
 * hears things in one order. What waits so is bounded. `room.ts` owns one.
 */

import type { Frame } from '../../delivery/frame.ts'
import { RoomError } from '../../errors.ts'
import type { Deliver } from '../log.ts'

export interface Said {
  readonly frame: Frame
  readonly except: object | undefined
}

/** Bytes of all that waits in a room. */
const MOST_BYTES = 8 * 1024 * 1024

export class Behind {
  #bytes = 0

  /** Throws `unavailable` where too much waits already. */
  add(to: { behind: Said[] | undefined }, said: Said): void {
    if (this.#bytes > MOST_BYTES) throw new RoomError('unavailable', 'the log is behind, say it again later')
    this.#bytes += said.frame.size
    to.behind ??= []
    to.behind.push(said)
  }

  /** The append is over: what was said behind it may follow now. */
  deliver({ behind = [] }: { behind: Said[] | undefined }, deliver: Deliver): void {
    for (const { frame, except } of behind) {
      this.#bytes -= frame.size
      deliver(frame, except)
    }
  }
}
