/**
 * Lines: a chat in plain text. Everyone gets `user1 comes in`, including the new user, and then each text unchanged. The
 * remaining users get `user1 left`. Users are numbered in the order they join.
 */
import { defineRoom } from 'corridor'

export default defineRoom({
  summary: 'A chat in plain text.',

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
