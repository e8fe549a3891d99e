/**
 * Delivery whose errors cannot hurt the log: they are logged, and the log goes on with the next event. Both logs
 * deliver through it.
 */
import type { ErrorLogger } from '../guarded.ts'
import type { Deliver } from './log.ts'

export function guarded(deliver: Deliver, logger: ErrorLogger): Deliver {
  return (frame, except) => {
    try {
      deliver(frame, except)
    } catch (error) {
      logger.error({ err: error, seq: frame.seq }, 'an event was not delivered to everyone')
    }
  }
}
