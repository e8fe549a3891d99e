/** `ws` with its default options, which offer compression. */
import { WebSocket } from 'ws'
import { behavesAsWebSocketClient, messageOf } from './web-socket-cases.ts'

behavesAsWebSocketClient({
  name: 'ws',
  tokens: ['header', 'cookie', 'subprotocol'],
  isReturning: false,
  open({ address, headers = {}, protocols = [], heard, opened, ended }) {
    const socket = new WebSocket(address(), protocols, { headers })
    socket.on('open', opened)
    socket.on('message', (data, isBinary) => heard(isBinary ? messageOf(data) : data.toString()))
    socket.on('close', (code, reason) => ended(code, reason.toString()))
    socket.on('error', () => {}) // `close` follows
    return {
      send: (message) => socket.send(message),
      close: (code, reason) => socket.close(code, reason),
      extensions: () => socket.extensions,
    }
  },
})
