/**
 * Lines: a chat of plain text. Everyone, the one concerned too, reads `user1 comes in`, then each text as it came;
 * those who stay read `user1 left`. Users are numbered in the order they come.
 */
import { defineRoom } from 'corridor'

export default defineRoom({
  summary: 'A chat of plain lines.',

  open(room) {
    let count = 0

    return {
      join(peer) {
        peer.name = `user${++count}`
        room.broadcast(`${peer.name} comes in`)
      },
      message: (_peer, data) => room.broadcast(data),
      leave: (peer) => room.broadcast(`${peer.name} left`),
    }
  },
})
