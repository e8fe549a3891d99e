/** The same room module over plain posts, its log in memory. */
import { testSameRoom } from '../support/same-room.ts'
import { plainPost } from '../support/speakers.ts'

testSameRoom(plainPost, false)
