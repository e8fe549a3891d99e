/** `reconnecting-websocket`, which reconnects by itself and asks a function for each URL. */
import module from 'reconnecting-websocket'
import { useSocket } from './browser-socket.ts'
import { behavesAsWebSocketClient } from './web-socket-cases.ts'

/** Its types say ECMAScript module, its code is CommonJS: the module is the class. */
const ReconnectingWebSocket = module as unknown as typeof module.default

behavesAsWebSocketClient({
  name: 'reconnecting-websocket',
  tokens: ['subprotocol'],
  isReturning: true,
  // After an error it reports a normal close.
  lostCode: 1000,
  open(opening) {
    const { address, protocols = [], tries = Number.POSITIVE_INFINITY } = opening
    const options = { WebSocket, minReconnectionDelay: 20, maxRetries: tries }
    return useSocket(new ReconnectingWebSocket(address, protocols, options), opening)
  },
})
