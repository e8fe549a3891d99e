/**
 * Delivery that cannot hurt the log: what is thrown on the way to the peers is logged, and the log goes on with the next
 * event. Both logs deliver through it.
 */
import type { ErrorLogger } from '../guarded.ts'
import type { Deliver } from './log.ts'

export function safely(deliver: Deliver, logger: ErrorLogger): Deliver {
  return (frame, except) => {
    try {
      deliver(frame, except)
    } catch (error) {
      logger.error({ err: error, seq: frame.seq }, 'an event was not delivered to everyone')
    }
  }
}
