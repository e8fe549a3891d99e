/** The suite of all wires, over Socket.IO by polling. */
import { testMembership } from '../../support/membership.ts'
import { joinBy } from '../../support/socketio-peer.ts'
import { testWire } from '../../support/wires.ts'

testWire('Socket.IO by polling', joinBy('polling'))
testMembership('Socket.IO by polling', 'socketio', joinBy('polling'))
