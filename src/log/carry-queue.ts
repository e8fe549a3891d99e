/**
 * Entries with nothing to keep that come while another is being written: each follows that one, so that everyone sees
 * one order. Their bytes are bounded. A room's log owns one queue.
 */
import type { RoomError } from '../errors.ts'
import type { Entry } from './log.ts'

/** The most bytes that may wait in a room. */
const MOST_BYTES = 8 * 1024 * 1024

export class CarryQueue {
  #bytes = 0

  get isFull(): boolean {
    return this.#bytes > MOST_BYTES
  }

  add(to: { followers: Entry[] | undefined }, entry: Entry): void {
    this.#bytes += entry.size
    to.followers ??= []
    to.followers.push(entry)
  }

  /** The entry they follow is kept, or has failed: so are they. */
  end({ followers = [] }: { followers: Entry[] | undefined }, error?: RoomError): void {
    for (const entry of followers) {
      this.#bytes -= entry.size
      if (error) entry.failed(error)
      else entry.kept([])
    }
  }
}
