/**
 * One call of a room author's code, until it ends or is given up. It is the async context of that code, also after an
 * `await`. Code that it starts without awaiting outlives it, and then publishes for the room itself. `handler-calls.ts`
 * makes calls; an exchange takes the events that its call publishes.
 */
import { RoomError } from '../errors.ts'
import type { Draft, RoomLog } from '../log/log.ts'

/** Takes the events that a call publishes. */
export interface Publisher {
  append(roomLog: RoomLog, draft: Draft): number | Promise<number>
  /** The promise that the latest `publish` returned. */
  latest: Promise<unknown> | undefined
}

export class Call {
  /** `undefined`: its events belong to no message. */
  publisher: Publisher | undefined
  /** It did not end in time, or its batch failed: it must have no more effects. */
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

/** The error for code that goes on after its call was given up. */
export function givenUp(): RoomError {
  return new RoomError('unavailable', 'this handler was given up: it did not end in time, or its batch failed')
}
