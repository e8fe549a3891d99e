/** The suite of all wires, over WebSocket. */
import { testMembership } from '../../support/membership.ts'
import { type Join, testWire } from '../../support/wires.ts'

const join: Join = async (server, path, query) => {
  const client = await server.connect(path, query)
  return Object.assign(client, { pause: () => client.socket.pause(), resume: () => client.socket.resume() })
}
testWire('a WebSocket', join)
testMembership('a WebSocket', 'websocket', join)
