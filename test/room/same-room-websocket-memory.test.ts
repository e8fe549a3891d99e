/** The same room module over WebSocket, its log in memory. */
import { testSameRoom } from '../support/same-room.ts'
import { webSocket } from '../support/speakers.ts'

testSameRoom(webSocket, false)
