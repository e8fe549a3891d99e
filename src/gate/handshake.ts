/**
 * Whether an upgrade is a WebSocket handshake that we can take: version, key, no body, a subprotocol we know. `gate.ts`
 * asks before anything else; what only `ws` can tell (lists of extensions) it refuses itself.
 */

import { Refusal } from '../errors.ts'
import { BEARER } from './auth.ts'
import type { Handshake } from './caller.ts'
import { chooseProtocol } from './identity.ts'

/** RFC 6455, 4.2.1, and RFC 9110, 7.8; a body would reach the room as its first frames. */
export function mustBeHandshake({ method, httpVersion, hasBody, version, key }: Handshake): void {
  if (method !== 'GET') throw new Refusal(400, 'bad_handshake', `expected GET, got ${method}`)
  if (httpVersion !== '1.1') throw new Refusal(400, 'bad_handshake', `expected HTTP/1.1, got ${httpVersion}`)
  if (hasBody) throw new Refusal(400, 'bad_handshake', 'expected no body with an upgrade')
  if (version !== '13') {
    throw new Refusal(426, 'bad_version', 'expected Sec-WebSocket-Version: 13', { 'Sec-WebSocket-Version': '13' })
  }
  // 16 bytes in base64: the last digit before "==" carries two bits of padding that must be 0.
  if (!/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(key ?? '')) {
    throw new Refusal(400, 'bad_handshake', 'expected a Sec-WebSocket-Key of 16 bytes in base64')
  }
}

/** Throws a `Refusal` 400 where the client offers only subprotocols that the room does not know. */
export function mustOfferKnown(offered: readonly string[], known: readonly string[]): void {
  if (offered.length === 0 || known.length === 0) return
  if (offered.every((protocol) => protocol.startsWith(BEARER)) || chooseProtocol(offered, known)) return
  throw new Refusal(400, 'unknown_protocol', `expected one of the subprotocols ${known.join(', ')}`)
}
