/**
 * A call into a room author's code, from its begin until it ends or is given up: the context that its code finds itself in,
 * also after an `await`. What it starts and does not wait for outlives it, and is then the room's own. `handler-calls.ts` makes
 * calls; a message that is handled takes what its call publishes.
 */
import { RoomError } from '../errors.ts'
import type { Draft, RoomLog } from '../log/log.ts'

/** What takes the events that a call publishes. */
export interface Publisher {
  append(log: RoomLog, draft: Draft): number | Promise<number>
  /** What the author was given for its latest publish. */
  latest: Promise<unknown> | undefined
}

export class Call {
  /** `undefined`: its events are the room's own. */
  publisher: Publisher | undefined
  /** It did not end in time, or what it belongs to failed: nothing it does later may count. */
  isGivenUp = false

  constructor(publisher?: Publisher) {
    this.publisher = publisher
  }

  end(): void {
    this.publisher = undefined
  }

  giveUp(): void {
    this.publisher = undefined
    this.isGivenUp = true
  }
}

/** What a call that was given up is told when it goes on. */
export function givenUp(): RoomError {
  return new RoomError('unavailable', 'this handler was given up: it did not end in time, or its batch failed')
}
