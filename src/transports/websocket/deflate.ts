/**
 * Compressed WebSocket messages (permessage-deflate, RFC 7692), made once for all peers that negotiated it. Each message is
 * compressed without context, so every client can read the same bytes. `websocket.ts` negotiates; `websocket-wire.ts` uses
 * this encoding.
 */
import { constants, deflateRawSync } from 'node:zlib'
import type { Bytes, Encoding, Frame } from '../../delivery/frame.ts'
import { payloadOf } from '../../delivery/payload.ts'
import { frameBytes } from '../frame-bytes.ts'
import { WINDOW_BITS } from './deflate-offer.ts'

/** Shorter messages hardly shrink. */
const LEAST_BYTES = 128
const SMALL = { windowBits: WINDOW_BITS, memLevel: 5, finishFlush: constants.Z_SYNC_FLUSH }
const LARGE = { windowBits: WINDOW_BITS, memLevel: 9, finishFlush: constants.Z_SYNC_FLUSH }
const LARGE_BYTES = 16_384
/** A sync flush ends with an empty block, which is left out and restored by the receiver (RFC 7692, 7.2.1). */
const TAIL_BYTES = 4

export const deflated: Encoding = {
  name: 'websocket-deflate',
  encode(frame: Frame): Bytes {
    const payload = payloadOf(frame)
    if (payload.length < LEAST_BYTES) return frameBytes(payload)
    const bytes = deflateRawSync(payload, payload.length < LARGE_BYTES ? SMALL : LARGE)
    return frameBytes(bytes.subarray(0, -TAIL_BYTES), { isText: typeof payload === 'string', isCompressed: true })
  },
}

/** `ws` itself compresses nothing: all messages are made here, so its writes stay in order with ours. */
export const NEGOTIATION = { threshold: Number.POSITIVE_INFINITY } as const
