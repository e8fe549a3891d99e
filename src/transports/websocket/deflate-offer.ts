/**
 * Negotiates compression (RFC 7692, 5 and 7.1). `ws` answers with the parameters of the offer, so it is given an offer with
 * exactly the parameters of our answer. An offer that we cannot accept is declined; the client is still admitted,
 * uncompressed. `websocket.ts` calls it before the handshake.
 */

/**
 * A window of 4 KiB costs a third less to set up than the largest, and loses little on messages of a few KiB. All peers get
 * the same bytes, so it is used for every message sent.
 */
export const WINDOW_BITS = 12

const NAME = 'permessage-deflate'
const FLAGS = ['server_no_context_takeover', 'client_no_context_takeover']
/** With either of these in an offer, the answer may limit the client's window (7.1.1.2, 7.1.2.2). */
const BOUNDS = ['client_no_context_takeover', 'client_max_window_bits']
const PARAMETER = /^([a-z_]+)(?:[ \t]*=[ \t]*(?:([0-9]+)|"([0-9]+)"))?$/
const BITS = /^(?:[89]|1[0-5])$/

/** The parameters of an offer: bits, or `true` for one without a value. */
type Offer = ReadonlyMap<string, number | true>

export interface Accepted {
  /** The `Sec-WebSocket-Extensions` of the answer. */
  readonly answer: string
  /** The client may refer to its last 32 KiB, since its offer does not allow the answer to limit that. */
  readonly isLargest: boolean
}

/**
 * The first acceptable offer in `Sec-WebSocket-Extensions`; `undefined`: there is none. `hasRoom`: one more peer may use the
 * largest window.
 */
export function acceptedOffer(extensions = '', hasRoom = true): Accepted | undefined {
  for (const text of extensions.split(',')) {
    const offer = offerOf(text)
    if (!offer || !isAcceptable(offer)) continue
    const isLargest = !BOUNDS.some((key) => offer.has(key))
    if (hasRoom || !isLargest) return { answer: answerTo(offer), isLargest }
  }
  return undefined
}

/** `undefined`: another extension, or a malformed offer, which must be declined (7). */
function offerOf(text: string): Offer | undefined {
  const [name, ...parameters] = text.split(';').map((part) => part.trim())
  if (name !== NAME) return undefined
  const offer = new Map<string, number | true>()
  for (const parameter of parameters) {
    const [, key = '', token, quoted] = PARAMETER.exec(parameter) ?? []
    const value = token ?? quoted
    if (offer.has(key) || !isKnown(key, value)) return undefined
    offer.set(key, value === undefined ? true : Number(value))
  }
  return offer
}

function isKnown(key: string, value: string | undefined): boolean {
  if (FLAGS.includes(key)) return value === undefined
  if (key === 'client_max_window_bits') return value === undefined || BITS.test(value)
  return key === 'server_max_window_bits' && value !== undefined && BITS.test(value)
}

function isAcceptable(offer: Offer): boolean {
  const bits = offer.get('server_max_window_bits')
  return bits === undefined || Number(bits) >= WINDOW_BITS
}

/** Limits both windows to ours, as far as the offer allows. Parameters that were not offered are not in the answer (7). */
function answerTo(offer: Offer): string {
  const parameters = [...offer].map(([key, value]) => {
    if (FLAGS.includes(key)) return key
    return `${key}=${value === true ? WINDOW_BITS : Math.min(value, WINDOW_BITS)}`
  })
  return [NAME, ...parameters].join('; ')
}
