/** The suite of all wires, over WebSocket. */
import { testWire } from './support/wires.ts'

testWire('a WebSocket', async (server, path, query) => {
  const client = await server.connect(path, query)
  return Object.assign(client, { pause: () => client.socket.pause(), resume: () => client.socket.resume() })
})
