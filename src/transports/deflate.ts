/**
 * Compressed WebSocket messages (permessage-deflate, RFC 7692), made once for all peers that negotiated it: every message
 * is compressed by itself (`server_no_context_takeover`), so the same bytes are good for everyone. `websocket.ts`
 * negotiates, and gives a wire this encoding.
 */
import { constants, deflateRawSync } from 'node:zlib'
import type { Frame } from '../frame.ts'
import type { Bytes, Encoding } from '../wire.ts'
import { frameBytes } from './websocket-frame.ts'

/** Shorter messages would hardly shrink. */
const LEAST_BYTES = 128
/**
 * A window of 4 KiB costs a third less than the largest to begin with, and loses little on messages of a few KiB. It is
 * promised to every client, since the bytes are the same for all and some clients ask for so small a window.
 */
const WINDOW_BITS = 12
const SMALL = { windowBits: WINDOW_BITS, memLevel: 5, finishFlush: constants.Z_SYNC_FLUSH }
const LARGE = { windowBits: WINDOW_BITS, memLevel: 9, finishFlush: constants.Z_SYNC_FLUSH }
const LARGE_BYTES = 16_384
/** A sync flush ends with an empty block that the receiver puts back (RFC 7692, 7.2.1). */
const TAIL_BYTES = 4

export const deflated: Encoding = {
  name: 'websocket-deflate',
  encode({ payload }: Frame): Bytes {
    if (payload.length < LEAST_BYTES) return frameBytes(payload)
    const bytes = deflateRawSync(payload, payload.length < LARGE_BYTES ? SMALL : LARGE)
    return frameBytes(bytes.subarray(0, -TAIL_BYTES), { isText: typeof payload === 'string', isCompressed: true })
  },
}

const TOO_SMALL = /server_max_window_bits\s*=\s*"?(?:8|9|10|11)"?\s*(?:;|$)/

/** Whether one of the offers in `Sec-WebSocket-Extensions` lets us write with our window. */
export function hasReadableOffer(extensions = ''): boolean {
  return extensions.split(',').some((offer) => !TOO_SMALL.test(offer))
}

/** What `ws` offers and reads: inflating is bounded by the payload limit, and nothing is kept from message to message. */
export const NEGOTIATION = {
  serverMaxWindowBits: WINDOW_BITS,
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  // ws itself sends nothing compressed: all messages are made here, and its writes stay in order with ours.
  threshold: Number.POSITIVE_INFINITY,
} as const
