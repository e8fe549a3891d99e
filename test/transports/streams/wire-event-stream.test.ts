/** The suite of all wires, over Server-Sent Events and POST. */
import { testMembership } from '../../support/membership.ts'
import { joinStream } from '../../support/stream-peer.ts'
import { type Join, testWire } from '../../support/wires.ts'

const join: Join = (server, path, query) => joinStream(server.url + path, query)
testWire('an event stream', join)
testMembership('an event stream', 'http', join)
