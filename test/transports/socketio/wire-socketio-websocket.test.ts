/** The suite of all wires, over Socket.IO by WebSocket. */
import { testMembership } from '../../support/membership.ts'
import { joinBy } from '../../support/socketio-peer.ts'
import { testWire } from '../../support/wires.ts'

testWire('Socket.IO by WebSocket', joinBy('websocket'))
testMembership('Socket.IO by WebSocket', 'socketio', joinBy('websocket'))
