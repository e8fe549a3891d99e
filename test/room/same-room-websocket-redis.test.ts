/** The same room module over WebSocket, its log in Redis. */
import { inRedis } from '../support/redis-place.ts'
import { testSameRoom } from '../support/same-room.ts'
import { webSocket } from '../support/senders.ts'

testSameRoom(webSocket, inRedis)
