/**
 * Mes: the chat of several Socket.IO tutorials, with a string as the data of every event. Receives `message`. Broadcasts
 * `enter` with `user1 comes in`, `mes` with `user1 says: …` and `leave` with `user1 left`.
 */
import { defineRoom } from 'corridor'
import { z } from 'zod'

export default defineRoom({
  summary: 'A chat of events with a string as data.',
  receives: { message: z.string() },
  sends: { enter: z.string(), mes: z.string(), leave: z.string() },

  open(room) {
    let count = 0

    return {
      join(peer) {
        peer.name = `user${++count}`
        room.broadcast('enter', `${peer.name} comes in`)
      },
      receive: {
        message: (peer, text) => room.broadcast('mes', `${peer.name} says: ${text}`),
      },
      leave: (peer) => room.broadcast('leave', `${peer.name} left`),
    }
  },
})
