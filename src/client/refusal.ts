/**
 * Finds out why a WebSocket failed. A browser hides the reason of a refused upgrade from its page, so the client requests
 * the same path over HTTP with `?check=join`: same checks, but nobody joins. Used by `client.ts`.
 */
import type { Refusal } from './types.ts'
import type { Endpoint } from './websocket.ts'

const CHECK_TIMEOUT_MS = 5000

/**
 * Resolves to the server's refusal; to `admitted` if it would admit us, so that something in between blocks WebSockets;
 * to `undefined` if there is no answer.
 */
export async function checkAdmission(
  { url, token }: Endpoint,
  fetch: typeof globalThis.fetch,
  credentials: RequestCredentials,
): Promise<Refusal | 'admitted' | undefined> {
  const address = new URL(url)
  address.protocol = url.protocol.replace('ws', 'http')
  address.searchParams.set('check', 'join')
  const headers = { Accept: 'application/json', ...(token && { Authorization: `Bearer ${token}` }) }
  try {
    const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS)
    const response = await fetch(address, { headers, signal, credentials, cache: 'no-store' })
    return response.ok ? 'admitted' : await refusalOf(response)
  } catch {
    return undefined
  }
}

/** Reads a refusal from an HTTP response. A proxy in between may not answer in JSON. */
export async function refusalOf(response: Response): Promise<Refusal> {
  const { status } = response
  const text = await response.text()
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN)
  const retry = Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}
  try {
    const { error, message } = JSON.parse(text)
    return { status, code: String(error), message: String(message), ...retry }
  } catch {
    return { status, code: 'http', message: `${status} ${response.statusText}`.trim(), ...retry }
  }
}
