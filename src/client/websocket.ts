/**
 * The WebSocket transport of the client: one connection with text frames. Opened by `transport-choice.ts`; the other
 * transport, `event-stream.ts`, takes the same arguments and reports the same events.
 */
import type { Options, Transport, TransportEvents } from './types.ts'

/** What a connection needs: the room's URL with its query, and the token. */
export interface Endpoint {
  url: URL
  token: string | undefined
}

export function openWebSocket({ url, token }: Endpoint, options: Options, events: TransportEvents): Transport {
  const { protocols = [], WebSocket = globalThis.WebSocket } = options
  const address = new URL(url)
  address.protocol = url.protocol.replace('http', 'ws')
  // A browser drops a connection if the server selects none of the offered protocols. A server never selects the token.
  const offered = token ? [...(protocols.length ? protocols : ['corridor']), `bearer.${token}`] : protocols
  const socket = new WebSocket(address.href, offered)
  socket.addEventListener('message', ({ data }) => events.message(String(data)))
  socket.addEventListener('close', ({ code, reason }) => events.lost(code, reason))
  socket.addEventListener('error', () => {}) // a close event follows
  return socket
}
