/**
 * Checks of a WebSocket handshake: method, version, key, no body, a known subprotocol. `gate.ts` makes them first; `ws`
 * itself refuses malformed lists of protocols and extensions.
 */

import { Refusal } from '../errors.ts'
import { BEARER } from './auth.ts'
import type { Handshake } from './caller.ts'
import { chooseProtocol } from './identity.ts'

/** RFC 6455, 4.2.1, and RFC 9110, 7.8; a body would be read as the first frames. Throws a `Refusal` 400 or 426. */
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

/** Throws a `Refusal` 400 if the client offers only subprotocols that the room does not know. */
export function mustOfferKnown(offered: readonly string[], known: readonly string[]): void {
  if (offered.length === 0 || known.length === 0) return
  if (offered.every((protocol) => protocol.startsWith(BEARER)) || chooseProtocol(offered, known)) return
  throw new Refusal(400, 'unknown_protocol', `expected one of the subprotocols ${known.join(', ')}`)
}
