/** The same room module over Socket.IO by polling, its log in memory. */
import { inMemory } from '../support/places.ts'
import { testSameRoom } from '../support/same-room.ts'
import { socketIo } from '../support/senders.ts'

testSameRoom(socketIo('polling'), inMemory)
