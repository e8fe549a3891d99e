/** The `WebSocket` that Node has built in. */
import { useSocket } from './browser-socket.ts'
import { behavesAsWebSocketClient } from './web-socket-cases.ts'

behavesAsWebSocketClient({
  name: "Node's WebSocket",
  tokens: ['header', 'cookie', 'subprotocol'],
  isReturning: false,
  open(opening) {
    const { address, protocols = [], headers = {} } = opening
    return useSocket(newSocket(address(), { protocols, headers }), opening)
  },
})

/** Node takes headers where a browser takes protocols only; TypeScript has the browser's types. */
function newSocket(url: string, init: object): WebSocket {
  return Reflect.construct(WebSocket, [url, init])
}
