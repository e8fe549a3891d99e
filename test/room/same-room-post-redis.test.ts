/** The same room module over plain posts, its log in Redis. */
import { inRedis } from '../support/redis-place.ts'
import { testSameRoom } from '../support/same-room.ts'
import { plainPost } from '../support/senders.ts'

testSameRoom(plainPost, inRedis)
