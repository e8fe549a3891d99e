/**
 * Typed: takes plain text, says JSON `{"type","data"}`, so that a page can colour each kind in its own way:
 * `enter` with `user1 comes in`, `message` with `user1 says: …`, `leave` with `user1 left`.
 */
import { defineRoom } from 'corridor'

export default defineRoom({
  summary: 'Plain text in, typed JSON out.',

  open(room) {
    let count = 0
    const say = (type: 'enter' | 'message' | 'leave', data: string) => room.broadcast(JSON.stringify({ type, data }))

    return {
      join(peer) {
        peer.name = `user${++count}`
        say('enter', `${peer.name} comes in`)
      },
      message(peer, data) {
        if (typeof data === 'string') say('message', `${peer.name} says: ${data}`)
      },
      leave: (peer) => say('leave', `${peer.name} left`),
    }
  },
})
