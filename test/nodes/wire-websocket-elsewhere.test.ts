/** The suite of all wires, over WebSocket, to rooms that live on another node. */
import { onOtherNode } from '../support/edge-server.ts'
import { testMembership } from '../support/membership.ts'
import type { Join } from '../support/wires.ts'
import { testWire } from '../support/wires.ts'

const plain: Join = async (server, path, query) => {
  const client = await server.connect(path, query)
  return Object.assign(client, { pause: () => client.socket.pause(), resume: () => client.socket.resume() })
}
const { join, start } = onOtherNode(plain)
testWire('a WebSocket to another node', join, start)
testMembership('a WebSocket to another node', 'websocket', join, start)
