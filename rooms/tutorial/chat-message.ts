/**
 * Chat message: the room of Socket.IO's "Get started" tutorial. Receives `chat message`, a string, and broadcasts it to
 * everyone, including the sender.
 */
import { defineRoom } from 'corridor'
import { z } from 'zod'

export default defineRoom({
  summary: 'Broadcasts each event to everyone.',
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
