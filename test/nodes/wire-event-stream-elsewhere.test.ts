/** The suite of all wires, over an event stream, to rooms that live on another node. */
import { onOtherNode } from '../support/edge-server.ts'
import { testMembership } from '../support/membership.ts'
import { joinStream } from '../support/stream-peer.ts'
import { testWire } from '../support/wires.ts'

const { join, start } = onOtherNode((server, path, query) => joinStream(server.url + path, query))
testWire('an event stream to another node', join, start)
testMembership('an event stream to another node', 'http', join, start)
