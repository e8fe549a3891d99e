/** The same room module over WebSocket, its log in a file. */
import { testSameRoom } from '../support/same-room.ts'
import { webSocket } from '../support/senders.ts'

testSameRoom(webSocket, true)
