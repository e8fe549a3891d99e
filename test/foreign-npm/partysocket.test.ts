/** `partysocket/ws`, which reconnects by itself and asks a function for each URL. */
import { WebSocket as PartySocket } from 'partysocket'
import { useSocket } from './browser-socket.ts'
import { behavesAsWebSocketClient } from './web-socket-cases.ts'

behavesAsWebSocketClient({
  name: 'partysocket',
  tokens: ['subprotocol'],
  isReturning: true,
  // After an error it reports a normal close.
  lostCode: 1000,
  open(opening) {
    const { address, protocols, tries = Number.POSITIVE_INFINITY } = opening
    const options = { minReconnectionDelay: 20, maxRetries: tries }
    return useSocket(new PartySocket(address, protocols, options), opening)
  },
})
