/**
 * The refusal of a body that is not plain JSON. `append-request.ts` and `admin-routes.ts` throw it; `refusals.ts` uses it for what Fastify itself
 * refuses.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../errors.ts'

/** The accepted types and encodings of a body (RFC 9110, 12.5.3; W3C Linked Data Platform, 7.1). */
export const ACCEPTED = { 'Accept-Post': 'application/json', 'Accept-Encoding': 'identity' } as const

export function wrongType(message: string): Refusal {
  return new Refusal(415, 'bad_type', message, ACCEPTED)
}

/** Throws a `Refusal` 415 for a body that is compressed. */
export function mustBeUncoded({ 'content-encoding': coding }: IncomingHttpHeaders): void {
  if (coding === undefined || /^\s*identity\s*$/i.test(coding)) return
  throw wrongType(`expected a body without Content-Encoding, got ${coding.slice(0, 100)}; send it uncompressed`)
}
