/** Which errors of a connection mean that Redis is there and will not be used so: the operator must mend something. */
import { codeOf } from '../../thrown.ts'

/** What Redis answers: the password, the user's rights, protected mode. A Sentinel's answer stands within a text. */
const ANSWERS = /\b(WRONGPASS|NOAUTH|NOPERM|DENIED|NOPROTO)\b|DB index is out of range|cluster support disabled/
/** What TLS finds: a certificate that is not trusted or for another name, or no TLS at all. */
const TLS = /CERT|^ERR_(TLS|SSL)_|^EPROTO$|^UNABLE_TO_/

export function isRefusal(error: Error): boolean {
  return ANSWERS.test(error.message) || TLS.test(codeOf(error) ?? '')
}

/** An error in words. Those of several addresses of one host have no message. */
export function wordsOf(error: Error): string {
  return error.message || codeOf(error) || error.name
}
