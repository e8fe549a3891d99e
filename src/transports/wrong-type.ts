/**
 * The refusal of a body that is not JSON as it is. `append-request.ts` throws it, and `refusals.ts` for what Fastify
 * refuses by itself.
 */
import { Refusal } from '../errors.ts'

/** What a body may be (RFC 9110, 12.5.3; W3C Linked Data Platform, 7.1). */
export const ACCEPTED = { 'Accept-Post': 'application/json', 'Accept-Encoding': 'identity' } as const

export function wrongType(message: string): Refusal {
  return new Refusal(415, 'bad_type', message, ACCEPTED)
}
