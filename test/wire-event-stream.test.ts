/** The suite of all wires, over Server-Sent Events and POST. */
import { joinStream } from './support/stream-peer.ts'
import { testWire } from './support/wires.ts'

testWire('an event stream', (server, path, query) => joinStream(server.url + path, query))
