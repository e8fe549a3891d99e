/** The same room module over WebSocket, its log in memory. */
import { inMemory } from '../support/places.ts'
import { testSameRoom } from '../support/same-room.ts'
import { webSocket } from '../support/senders.ts'

testSameRoom(webSocket, inMemory)
