/**
 * Typed: receives plain text and broadcasts JSON `{"type","data"}`, so that a page can show each type in its own style:
 * `enter` with `user1 comes in`, `message` with `user1 says: …`, `leave` with `user1 left`.
 */
import { defineRoom } from 'corridor'

export default defineRoom({
  summary: 'A chat that answers plain text with typed JSON.',

  open(room) {
    let count = 0
    const send = (type: 'enter' | 'message' | 'leave', data: string) => room.broadcast(JSON.stringify({ type, data }))

    return {
      join(peer) {
        peer.name = `user${++count}`
        send('enter', `${peer.name} comes in`)
      },
      message(peer, data) {
        if (typeof data === 'string') send('message', `${peer.name} says: ${data}`)
      },
      leave: (peer) => send('leave', `${peer.name} left`),
    }
  },
})
