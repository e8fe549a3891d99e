/** The `WebSocket` of `undici`. */
import { WebSocket } from 'undici'
import { useSocket } from './browser-socket.ts'
import { behavesAsWebSocketClient } from './web-socket-cases.ts'

behavesAsWebSocketClient({
  name: "undici's WebSocket",
  tokens: ['header', 'cookie', 'subprotocol'],
  isReturning: false,
  open(opening) {
    const { address, protocols = [], headers = {} } = opening
    return useSocket(new WebSocket(address(), { protocols, headers }), opening)
  },
})
