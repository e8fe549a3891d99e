/** The same room module over an event stream with posts, its log in a file. */
import { inFile } from '../support/places.ts'
import { testSameRoom } from '../support/same-room.ts'
import { eventStream } from '../support/senders.ts'

testSameRoom(eventStream, inFile)
