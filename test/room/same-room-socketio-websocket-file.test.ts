/** The same room module over Socket.IO by WebSocket, its log in a file. */
import { testSameRoom } from '../support/same-room.ts'
import { socketIo } from '../support/senders.ts'

testSameRoom(socketIo('websocket'), true)
