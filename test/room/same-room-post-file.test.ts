/** The same room module over plain posts, its log in a file. */
import { testSameRoom } from '../support/same-room.ts'
import { plainPost } from '../support/senders.ts'

testSameRoom(plainPost, true)
