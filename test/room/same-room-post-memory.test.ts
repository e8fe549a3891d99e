/** The same room module over plain posts, its log in memory. */
import { inMemory } from '../support/places.ts'
import { testSameRoom } from '../support/same-room.ts'
import { plainPost } from '../support/senders.ts'

testSameRoom(plainPost, inMemory)
