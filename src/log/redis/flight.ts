/**
 * A commit on its way into Redis. Its entries wait for it, but not longer than those who sent them: then they have failed,
 * the room goes on without them, and what becomes of the commit is still found out. `room-commits.ts` has one at a time.
 */
import type { Clock } from '../../clock.ts'
import { RoomError } from '../../errors.ts'
import type { CommitCall } from './commit-call.ts'
import type { EntryQueue, Pending } from './entry-queue.ts'

/** A little less than a message waits for its answer. */
const LATE_MS = 4000

export class Flight {
  readonly call: CommitCall<Pending>
  /** Its entries, and all that waited with them, have failed. */
  isLate = false
  readonly #queue: EntryQueue
  readonly #cancel: () => void

  constructor(call: CommitCall<Pending>, queue: EntryQueue, clock: Clock) {
    this.call = call
    this.#queue = queue
    this.#cancel = clock.after(LATE_MS, () => this.#late())
  }

  /** Its end is known, or the room is given up. Entries that still wait for it wait again: they may go into another one. */
  back(): void {
    this.#cancel()
    if (!this.isLate) this.#queue.back(this.call.pending)
  }

  /** Its entries are kept. */
  kept(): void {
    this.#cancel()
  }

  #late(): void {
    this.isLate = true
    this.#queue.back(this.call.pending)
    this.#queue.fail(
      new RoomError('unavailable', 'Redis has not answered, so it is not known whether this is kept: send it again'),
    )
  }
}
