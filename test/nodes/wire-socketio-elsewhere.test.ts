/** The suite of all wires, over Socket.IO by WebSocket, to rooms that live on another node. */
import { onOtherNode } from '../support/edge-server.ts'
import { testMembership } from '../support/membership.ts'
import { joinBy } from '../support/socketio-peer.ts'
import { testWire } from '../support/wires.ts'

const { join, start } = onOtherNode(joinBy('websocket'))
testWire('Socket.IO by WebSocket to another node', join, start)
testMembership('Socket.IO by WebSocket to another node', 'socketio', join, start)
