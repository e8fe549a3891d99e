/**
 * Mes: the chat of the Socket.IO tutorials, where every event carries a string. Takes `message`; all get
 * `enter` with `user1 comes in`, `mes` with `user1 says: …`, `leave` with `user1 left`.
 */
import { defineRoom } from 'corridor'
import { z } from 'zod'

export default defineRoom({
  summary: 'A chat of events that carry a string.',
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
