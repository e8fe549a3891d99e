/**
 * The WebSocket transport of the client: one connection, its frames as text. Opened by `road.ts`; another transport
 * takes the same arguments and tells the same two events.
 */
import type { Options, Transport, TransportEvents } from './types.ts'

export interface Target {
  url: URL
  token: string | undefined
}

export function openWebSocket({ url, token }: Target, options: Options, events: TransportEvents): Transport {
  const { protocols = [], WebSocket = globalThis.WebSocket } = options
  const address = new URL(url)
  address.protocol = url.protocol.replace('http', 'ws')
  // A browser drops a connection whose server selects none of the protocols offered, and a token is never selected.
  const offered = token ? [...(protocols.length ? protocols : ['corridor']), `bearer.${token}`] : protocols
  const socket = new WebSocket(address.href, offered)
  socket.addEventListener('message', ({ data }) => events.message(String(data)))
  socket.addEventListener('close', ({ code, reason }) => events.lost(code, reason))
  socket.addEventListener('error', () => {}) // a close follows
  return socket
}
