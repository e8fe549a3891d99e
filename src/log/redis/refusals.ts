/** What errors of a Redis mean: whether the operator must mend something, whether they pass, whether they are one room's own. */
import { codeOf } from '../../thrown.ts'
import { RedisRefusal } from './redis-calls.ts'

/** What Redis answers: the password, the user's rights, protected mode. A Sentinel's answer stands within a text. */
const ANSWERS = /\b(WRONGPASS|NOAUTH|NOPERM|DENIED|NOPROTO)\b|DB index is out of range|cluster support disabled/
/** What something else answers: a Redis instead of a Sentinel, one whose commands have other names, or no Redis at all. */
const OTHERS = /unknown command/i
const NO_REDIS = /^Unknown RESP type|^Protocol error, got/
/** What TLS finds: a certificate that is not trusted or for another name, or no TLS at all. */
const TLS = /CERT|^ERR_(TLS|SSL)_|^EPROTO$|^UNABLE_TO_/

/** They pass in a moment, so that the same commit is worth another try. */
const PASSING = ['BUSY', 'CLUSTERDOWN', 'LOADING', 'MASTERDOWN', 'NOSCRIPT', 'READONLY', 'TRYAGAIN']
/** A script failed: what it found in the room's keys is not what a room keeps. */
const OWN = ['ERR', 'WRONGTYPE']

/** Whether Redis has refused a call that it will not take the next time either. */
export function isLasting(error: Error | undefined): boolean {
  return error instanceof RedisRefusal && !PASSING.includes(error.code)
}

/** Whether it says nothing about the calls of other rooms. */
export function isOfOneRoom(error: Error): boolean {
  return error instanceof RedisRefusal && OWN.includes(error.code)
}

/** Redis is there and will not be used so. */
export function isRefusal(error: Error): boolean {
  const { message } = error
  return [ANSWERS, OTHERS, NO_REDIS].some((known) => known.test(message)) || TLS.test(codeOf(error) ?? '')
}

/** An error in words. Those of several addresses of one host have no message. */
export function wordsOf(error: Error): string {
  if (NO_REDIS.test(error.message)) return 'what answers there is no Redis'
  return error.message || codeOf(error) || error.name
}
