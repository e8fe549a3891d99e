/**
 * Finds out why a room refuses the reader. A browser hides the reason of a refused WebSocket, so the page requests the same
 * path over HTTP with `?check=join`; and again with a method that sends the page's origin, which a plain GET does not.
 */
import { headers } from './token.js'

/** @typedef {{ status: number, code: string, message: string, retryAfterMs?: number }} Refusal */

/** Without a network there may be no answer at all. */
const TIMEOUT_MS = 5000
/** The 4xx statuses after which another attempt may succeed. */
const TEMPORARY = [408, 425, 429]
/** The longest wait for which the pages obey the server. It also keeps a timer below 2^31 ms: above that one fires at once. */
export const MAX_WAIT_MS = 30_000

/**
 * @param {string} [name] the reader's name
 * @returns {Promise<Refusal | undefined>} undefined if there is no response, or if the room would admit the reader
 */
export async function checkAdmission(name) {
  const url = new URL(location.pathname, location.href)
  url.searchParams.set('check', 'join')
  if (name) url.searchParams.set('name', name)
  return (
    (await requestRefusal(url, 'GET')) ?? (await requestRefusal(new URL(location.pathname, location.href), 'OPTIONS'))
  )
}

/**
 * @param {URL} url
 * @param {string} method
 */
async function requestRefusal(url, method) {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(url, { method, headers: headers(), cache: 'no-store', signal }).catch(() => undefined)
  return response && !response.ok ? readRefusal(response) : undefined
}

/**
 * Reads a refusal from a response.
 * @param {Response} response
 * @returns {Promise<Refusal>}
 */
export async function readRefusal(response) {
  const body = await response.json().catch(() => ({}))
  const after = Number(response.headers.get('retry-after'))
  return {
    status: response.status,
    code: String(body?.error ?? response.status),
    message: String(body?.message ?? response.statusText),
    ...(after > 0 && { retryAfterMs: Math.min(after * 1000, MAX_WAIT_MS) }),
  }
}

/** Whether another attempt without a change is useless. @param {Refusal} refusal */
export function isFinal({ status }) {
  return status >= 400 && status < 500 && !TEMPORARY.includes(status)
}

/** Whether another token could be admitted. @param {Refusal} refusal */
export function isLocked({ status, code }) {
  return status === 401 || (status === 403 && code !== 'foreign_origin')
}
