/** `ws` with its default options, which offer compression. */
import { describe, expect, it } from 'vitest'
import { createWebSocketStream, WebSocket } from 'ws'
import { openStage } from './stage.ts'
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

describe('ws as a stream of Node', () => {
  const stage = openStage()

  it('pipes bytes through a room', async () => {
    const stream = createWebSocketStream(new WebSocket(`${stage.ws}/echo`))
    const sent = Buffer.from('some bytes'.repeat(1000))
    stream.write(sent)
    const parts: Buffer[] = []
    for await (const part of stream) {
      parts.push(part)
      if (Buffer.concat(parts).length >= sent.length) break
    }
    expect(Buffer.concat(parts)).toEqual(sent)
  })
})
