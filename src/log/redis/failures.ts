/**
 * What has failed with Redis, in the log of the server: one line in words. Where it was noticed is only at `debug`, unless
 * it is a mistake in the code.
 */
import type { RoomLogger } from '../../define.ts'
import { errorOf } from '../../thrown.ts'
import { wordsOf } from './refusals.ts'

const MISTAKES = [RangeError, ReferenceError, TypeError]

export function tellFailure(
  logger: RoomLogger,
  level: 'warn' | 'error',
  thrown: unknown,
  message: string,
  where: object = {},
): void {
  const err = errorOf(thrown)
  const isMistake = MISTAKES.some((kind) => err instanceof kind)
  logger[level]({ ...(isMistake ? { err } : { reason: wordsOf(err) }), ...where }, message)
  if (!isMistake) logger.debug({ err, ...where }, message)
}
