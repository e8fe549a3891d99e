/**
 * The refusal of a body that is not plain JSON. `append-request.ts` throws it; `refusals.ts` uses it for what Fastify itself
 * refuses.
 */
import { Refusal } from '../errors.ts'

/** The accepted types and encodings of a body (RFC 9110, 12.5.3; W3C Linked Data Platform, 7.1). */
export const ACCEPTED = { 'Accept-Post': 'application/json', 'Accept-Encoding': 'identity' } as const

export function wrongType(message: string): Refusal {
  return new Refusal(415, 'bad_type', message, ACCEPTED)
}
