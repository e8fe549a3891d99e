/**
 * Why a WebSocket did not come about. A browser tells its page nothing of a refused upgrade, so the same path is asked
 * over HTTP, which makes the checks of an upgrade and joins nobody (`?check=join`). Asked by `client.ts`.
 */
import type { Refusal } from './types.ts'
import type { Target } from './websocket.ts'

const ASK_MS = 5000

/**
 * Resolves to the server's refusal; to `admitted` where it would let us in, so that something between takes no WebSocket;
 * to `undefined` where nobody answers.
 */
export async function askWhy(
  { url, token }: Target,
  fetch: typeof globalThis.fetch,
  credentials: RequestCredentials,
): Promise<Refusal | 'admitted' | undefined> {
  const address = new URL(url)
  address.protocol = url.protocol.replace('ws', 'http')
  address.searchParams.set('check', 'join')
  const headers = { Accept: 'application/json', ...(token && { Authorization: `Bearer ${token}` }) }
  try {
    const signal = AbortSignal.timeout(ASK_MS)
    const response = await fetch(address, { headers, signal, credentials, cache: 'no-store' })
    return response.ok ? 'admitted' : await refusalOf(response)
  } catch {
    return undefined
  }
}

/** What an HTTP answer says of a refusal; not every proxy between speaks JSON. */
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
