/**
 * Chat message: the chat of Socket.IO's own "get started". Takes `chat message`, a string, and sends it to all,
 * the sender too.
 */
import { defineRoom } from 'corridor'
import { z } from 'zod'

export default defineRoom({
  summary: 'One event in, the same event out to all.',
  receives: { 'chat message': z.string() },
  sends: { 'chat message': z.string() },

  open(room) {
    return {
      receive: {
        'chat message': (_peer, text) => room.broadcast('chat message', text),
      },
    }
  },
})
