/** Makes whole, unmasked WebSocket frames (RFC 6455, 5.2), the same for every peer, and fits close reasons to their limit. */
import { type Bytes, MAX_TEXT_LENGTH } from '../delivery/frame.ts'

const FINAL = 0x80
const COMPRESSED = 0x40
const TEXT = 1
const BINARY = 2
const MAX_REASON_BYTES = 123

/** `isText`: by default, whether the payload is a string. */
export function frameBytes(
  payload: string | Uint8Array,
  { isText = typeof payload === 'string', isCompressed = false } = {},
): Bytes {
  const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
  const head = length < 126 ? 2 : length < 65536 ? 4 : 10
  const first = FINAL | (isCompressed ? COMPRESSED : 0) | (isText ? TEXT : BINARY)
  const isShort = head + length <= MAX_TEXT_LENGTH
  // As many bytes as characters: ASCII.
  if (isShort && typeof payload === 'string' && length === payload.length) {
    return head === 2
      ? String.fromCharCode(first, length) + payload
      : String.fromCharCode(first, 126, length >> 8, length & 255) + payload
  }
  const bytes = Buffer.allocUnsafe(head + length)
  bytes[0] = first
  if (head === 2) bytes[1] = length
  else if (head === 4) {
    bytes[1] = 126
    bytes.writeUInt16BE(length, 2)
  } else {
    bytes[1] = 127
    bytes.writeBigUInt64BE(BigInt(length), 2)
  }
  if (typeof payload === 'string') bytes.write(payload, head)
  else bytes.set(payload, head)
  return isShort ? bytes.toString('latin1') : bytes
}

/** A close reason has at most 123 bytes (RFC 6455, 5.5); it is cut between characters. */
export function closeReason(reason: string): string {
  const bytes = Buffer.from(reason.slice(0, MAX_REASON_BYTES))
  return new TextDecoder().decode(bytes.subarray(0, MAX_REASON_BYTES), { stream: true })
}
