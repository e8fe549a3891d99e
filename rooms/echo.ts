/**
 * Echo: sends each message back to its sender, text as text, binary as binary. The smallest room, and the first one to
 * try if you want to know whether a connection works.
 */
import { defineRoom } from 'corridor'

export default defineRoom({
  summary: 'Sends your messages back to you.',

  open() {
    return {
      message: (peer, data) => peer.send(data),
    }
  },
})
