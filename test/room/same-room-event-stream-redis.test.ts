/** The same room module over an event stream with posts, its log in Redis. */
import { inRedis } from '../support/redis-place.ts'
import { testSameRoom } from '../support/same-room.ts'
import { eventStream } from '../support/senders.ts'

testSameRoom(eventStream, inRedis)
