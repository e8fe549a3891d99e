/**
 * Why a room lets one not in. A browser says nothing of a WebSocket that was refused, so the same path is asked over HTTP,
 * as one who wants to join; and once more in a way that names the page's origin, which a plain question does not.
 */
import { headers } from './token.js'

/** @typedef {{ status: number, code: string, message: string, retryAfterMs?: number }} Refusal */

/** How long an answer may take: a network that is away may answer nothing at all. */
const ASK_MS = 5000
/** Of the 4xx, those that are only "not now". */
const LATER = [408, 425, 429]
/** The longest wait for which the pages obey the server. It also keeps a timer below 2^31 ms: above that one fires at once. */
export const MOST_WAIT_MS = 30_000

/**
 * @param {string} [name] the one who asks has
 * @returns {Promise<Refusal | undefined>} undefined: there is no answer, or the room would let one in
 */
export async function refusalOf(name) {
  const url = new URL(location.pathname, location.href)
  url.searchParams.set('check', 'join')
  if (name) url.searchParams.set('name', name)
  return (await refusedBy(url, 'GET')) ?? (await refusedBy(new URL(location.pathname, location.href), 'OPTIONS'))
}

/**
 * @param {URL} url
 * @param {string} method
 */
async function refusedBy(url, method) {
  const signal = AbortSignal.timeout(ASK_MS)
  const answer = await fetch(url, { method, headers: headers(), cache: 'no-store', signal }).catch(() => undefined)
  return answer && !answer.ok ? readRefusal(answer) : undefined
}

/**
 * What an answer that is none says.
 * @param {Response} answer
 * @returns {Promise<Refusal>}
 */
export async function readRefusal(answer) {
  const said = await answer.json().catch(() => ({}))
  const after = Number(answer.headers.get('retry-after'))
  return {
    status: answer.status,
    code: String(said?.error ?? answer.status),
    message: String(said?.message ?? answer.statusText),
    ...(after > 0 && { retryAfterMs: Math.min(after * 1000, MOST_WAIT_MS) }),
  }
}

/** Whether it is no use to try again as one is. @param {Refusal} refusal */
export function isFinal({ status }) {
  return status >= 400 && status < 500 && !LATER.includes(status)
}

/** Whether another token may open the room. @param {Refusal} refusal */
export function isLocked({ status, code }) {
  return status === 401 || (status === 403 && code !== 'foreign_origin')
}
