/**
 * Errors on their way over a link: a `Refusal` or a `RoomError` of one node becomes plain data, and the same error on the
 * other. `link.ts` answers questions with them.
 */
import { InvalidError, LimitError, Refusal, RepeatedError, RoomError } from '../errors.ts'
import type { Either, LinkError, LinkRefusal } from './link-message.ts'

type Failed = Extract<Either, { op: 'failed' }>

/** The answer that says why there is none. `undefined`: the error is a mistake of the server. */
export function failureOf(ask: number, thrown: unknown): Failed | undefined {
  if (thrown instanceof Refusal) return { op: 'failed', ask, refusal: linkRefusal(thrown) }
  if (thrown instanceof RoomError) return { op: 'failed', ask, error: linkError(thrown) }
  return undefined
}

/** What the other node threw. */
export function thrownBy({ refusal, error }: Pick<Failed, 'refusal' | 'error'>): Error {
  if (refusal) return refusalFrom(refusal)
  return error ? errorFrom(error) : new RoomError('internal', 'the other node failed')
}

export function linkRefusal({ status, code, message, headers, details, limit }: Refusal): LinkRefusal {
  return { status, code, message, headers, details, limit }
}

/** Its label in metrics is not told: the node that refuses counts it. */
export function refusalFrom({ status, code, message, headers, details, limit }: LinkRefusal): Refusal {
  const refusal = new Refusal(status, code, message, { ...headers }, details)
  return limit ? refusal.by(limit) : refusal
}

function linkError(error: RoomError): LinkError {
  const { code, message, details } = error
  return {
    code,
    message,
    ...(details !== undefined && { details }),
    ...(error instanceof InvalidError && { issues: error.issues }),
    ...(error instanceof LimitError && { limit: error.limit }),
    ...(error instanceof RepeatedError && { isRepeated: true }),
  }
}

function errorFrom({ code, message, details, issues, limit, isRepeated }: LinkError): RoomError {
  if (issues) return new InvalidError(code, message, issues)
  if (limit) return new LimitError(limit, code, message)
  return isRepeated ? new RepeatedError(code, message, details) : new RoomError(code, message, details)
}
