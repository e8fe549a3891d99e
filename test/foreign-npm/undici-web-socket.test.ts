/** The `WebSocket` of `undici`. */
import { WebSocket, WebSocketStream } from 'undici'
import { describe, expect, it } from 'vitest'
import { useSocket } from './browser-socket.ts'
import { openStage } from './stage.ts'
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

describe("undici's WebSocketStream", () => {
  const stage = openStage()

  it('reads and writes text and bytes, and gets the code and the reason of a close', async () => {
    const socket = new WebSocketStream(`${stage.ws}/echo`)
    const { readable, writable } = await socket.opened
    const [reader, writer] = [readable.getReader(), writable.getWriter()]
    for (const message of ['text', Uint8Array.from([0, 1, 255])]) {
      await writer.write(message)
      expect((await reader.read()).value).toEqual(message)
    }
    socket.close({ closeCode: 4001, reason: 'enough' })
    expect(await socket.closed).toMatchObject({ closeCode: 4001, reason: 'enough' })
  })
})
