/**
 * Which offer of compression is taken (RFC 7692, 5 and 7.1). `ws` answers with what it finds in the offer, so that it is
 * given exactly what the answer shall say: nothing that the client may not expect, and nothing that is not kept. An offer
 * that cannot be had is declined, never the client. `websocket.ts` asks before the handshake.
 */

/**
 * A window of 4 KiB costs a third less than the largest to begin with, and loses little on messages of a few KiB. What we
 * write is written with it for everyone, since the bytes are the same for all.
 */
export const WINDOW_BITS = 12

const NAME = 'permessage-deflate'
const FLAGS = ['server_no_context_takeover', 'client_no_context_takeover']
/** With either of these in an offer, we may say how little of what the client sent is kept (7.1.1.2, 7.1.2.2). */
const BOUNDS = ['client_no_context_takeover', 'client_max_window_bits']
const PARAMETER = /^([a-z_]+)(?:[ \t]*=[ \t]*(?:([0-9]+)|"([0-9]+)"))?$/
const BITS = /^(?:[89]|1[0-5])$/

/** The parameters of an offer: bits, or `true` for one without a value. */
type Offer = ReadonlyMap<string, number | true>

export interface Accepted {
  /** The `Sec-WebSocket-Extensions` of the answer. */
  readonly answer: string
  /** The client may refer to its last 32 KiB: it did not offer to do with less, and only an offer can be answered so. */
  readonly isLargest: boolean
}

/**
 * The first offer in `Sec-WebSocket-Extensions` that we can keep; `undefined`: there is none. `hasRoom`: the largest window
 * can be had too.
 */
export function acceptedOffer(extensions = '', hasRoom = true): Accepted | undefined {
  for (const text of extensions.split(',')) {
    const offer = offerOf(text)
    if (!offer || !canKeep(offer)) continue
    const isLargest = !BOUNDS.some((key) => offer.has(key))
    if (hasRoom || !isLargest) return { answer: answerTo(offer), isLargest }
  }
  return undefined
}

/** `undefined`: another extension, or one that is not as the standard says and must be declined (7). */
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

function canKeep(offer: Offer): boolean {
  const bits = offer.get('server_max_window_bits')
  return bits === undefined || Number(bits) >= WINDOW_BITS
}

/** No larger window than ours either way, if the client lets us say so. What it did not offer is not mentioned (7). */
function answerTo(offer: Offer): string {
  const parameters = [...offer].map(([key, value]) => {
    if (FLAGS.includes(key)) return key
    return `${key}=${value === true ? WINDOW_BITS : Math.min(value, WINDOW_BITS)}`
  })
  return [NAME, ...parameters].join('; ')
}
